"""The page of the working hours: a week, a time zone and holidays, as a manager types them.

Owns the form. What cannot be saved is shown again as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from inbox import account, working_hours
from inbox.access import Agent, require_manager
from inbox.api.asking import services, valid
from inbox.api.team_schemas import HoursBody
from inbox.errors import Invalid, StaleVersion
from inbox.hours import DAYS, fits
from inbox.language import sentence_of
from inbox.pages import forms
from inbox.pages.browser_session import page
from inbox.working_hours import Setting

blueprint = Blueprint("hours_page", __name__, url_prefix="/settings/hours")
DAY_NAMES: dict[str, Any] = {
    "monday": lazy_gettext("Monday"),
    "tuesday": lazy_gettext("Tuesday"),
    "wednesday": lazy_gettext("Wednesday"),
    "thursday": lazy_gettext("Thursday"),
    "friday": lazy_gettext("Friday"),
    "saturday": lazy_gettext("Saturday"),
    "sunday": lazy_gettext("Sunday"),
}


@blueprint.get("")
@page
def show(me: Agent) -> ResponseReturnValue:
    """The hours as they are."""
    return _page(me)


@blueprint.post("")
@page
def save(me: Agent) -> ResponseReturnValue:
    """Set them, unless somebody else did since the page was opened."""
    require_manager(me, working_hours.FOR_MANAGERS)
    typed = forms.typed(*DAYS, "time_zone", "holidays", "enabled")
    given = {
        "enabled": typed["enabled"] == "yes",
        "time_zone": typed["time_zone"],
        "week": {day: _spans(typed[day]) for day in DAYS},
        "holidays": typed["holidays"].split(),
    }
    try:
        wanted = valid(HoursBody, given)
        with services().statement() as writing:
            working_hours.change(writing.connection, me, wanted.hours(), enabled=wanted.enabled, seen=forms.seen())
    except Invalid as error:
        return _page(me, typed, faults={name.partition(".")[0] for name in error.extra["fields"]}), 422
    except StaleVersion as error:
        return _page(me, typed, overtaken=sentence_of(error)), 409
    flash(gettext("Saved."))
    return redirect(url_for("hours_page.show"))


def _spans(text: str) -> list[str]:
    """`9:00 – 12:00, 13-17` as people type it, in the form that is stored."""
    found = []
    for part in re.split(r"[,;]", text):
        ends = [end.strip() for end in re.split(r"[-–]", part)]
        if any(ends):
            found.append("-".join(_clock(end) for end in ends))
    return found


def _clock(text: str) -> str:
    hours, _, minutes = text.partition(":")
    return f"{hours.zfill(2)}:{minutes or '00'}"


def _typed(setting: Setting) -> dict[str, Any]:
    week = {day: ", ".join(setting.hours.week.get(day, ())) for day in DAYS}
    holidays = "\n".join(day.isoformat() for day in sorted(setting.hours.holidays))
    return {**week, "time_zone": setting.hours.zone, "holidays": holidays, "enabled": "yes" if setting.enabled else ""}


def _page(
    me: Agent, typed: Mapping[str, Any] | None = None, *, faults: Collection[str] = (), overtaken: str = ""
) -> str:
    with services().reading() as connection:
        setting = working_hours.find(connection, me.project_id)
    words = {
        "week": gettext("Write each day as 09:00-12:00, 13:00-17:00; the times must not overlap."),
        "time_zone": gettext("This is no time zone. They are written as Asia/Ho_Chi_Minh."),
        "holidays": gettext("Write each holiday as 2026-12-25, one on a line."),
    }
    now = datetime.now(UTC)
    return render_template(
        "settings/hours.html",
        me=me,
        setting=setting,
        values=typed or _typed(setting),
        errors={name: words[name] for name in words if name in faults},
        wrong_days=[day for day in DAYS if typed and "week" in faults and not fits(_spans(typed[day]))],
        days=DAY_NAMES,
        zones=account.time_zones(),
        open_now=setting.hours.is_open(now),
        opens_at=setting.hours.opens_at(now),
        overtaken=overtaken,
    )
