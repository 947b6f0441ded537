"""The audit log's page, for managers: who did what to the project itself, by kind, person and day.

Owns the page and how it is asked. Its words are in inbox/pages/audit_words.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from inbox import account, audit, team
from inbox.access import Agent, require_manager
from inbox.api.asking import services
from inbox.api.paging import before_id, cursor_behind
from inbox.audit import Wanted
from inbox.conversation import storable
from inbox.pages import forms
from inbox.pages.audit_words import facts, kind_name, sentence
from inbox.pages.browser_session import page

blueprint = Blueprint("audit_page", __name__, url_prefix="/settings/audit")
LISTED = 50


@blueprint.get("")
@page
def show(me: Agent) -> ResponseReturnValue:
    """The entries that were asked for, newest first."""
    require_manager(me, team.FOR_MANAGERS)
    chosen = {name: _typed(name) for name in ("kind", "actor", "since", "until")}
    wanted = _wanted(me, chosen)
    with services().reading() as connection:
        rows = audit.listed(connection, me.project_id, wanted)
        kinds = audit.kinds(connection, me.project_id)
        people = team.members(connection, me.project_id)
    more = cursor_behind(rows, LISTED)
    return render_template(
        "settings/audit.html",
        me=me,
        rows=[{**row, "sentence": sentence(row), "facts": facts(row)} for row in rows[:LISTED]],
        kinds={kind: kind_name(kind) for kind in kinds},
        people=people,
        chosen=chosen,
        more=more,
    )


def _typed(name: str) -> str:
    text = request.args.get(name, "").strip()
    return text if storable(text) else ""


def _wanted(me: Agent, chosen: Mapping[str, str]) -> Wanted:
    return Wanted(
        kind=chosen["kind"] or None,
        actor_id=forms.number(chosen["actor"]),
        since=_day(chosen["since"], me),
        until=_day(chosen["until"], me, days=1),
        before=before_id(),
        limit=LISTED + 1,
    )


def _day(text: str, me: Agent, *, days: int = 0) -> datetime | None:
    """The beginning of a day in the reader's zone (UTC where they chose none)."""
    zone = ZoneInfo(me.time_zone) if me.time_zone in account.time_zones() else UTC
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
