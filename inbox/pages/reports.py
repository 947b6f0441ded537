"""The report's page: plots over a period, a table beside each, and each as a CSV file.

Owns the page, its words and its forms of values. Everybody in the project may read it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext, ngettext

from inbox import account, audit, reading, reports, timeline_words
from inbox.access import Agent
from inbox.api.asking import services
from inbox.errors import NotFound
from inbox.pages.browser_session import page
from inbox.reports import Period, Plot

blueprint = Blueprint("reports", __name__, url_prefix="/reports")
PERIODS = (7, 30, 90)
CURRENT = 30
DAYS_FROM_SECONDS = 48 * 3600  # what is longer is said in days; static/js/team/plots.js does the same
# Title, and what exactly is measured.
WORDS: dict[str, tuple[Any, Any]] = {
    "volume": (lazy_gettext("New conversations"), lazy_gettext("In which a visitor wrote something.")),
    "ai_first_reply": (
        lazy_gettext("First reply of the AI"),
        lazy_gettext("From the visitor’s first message, in conversations that began on that day."),
    ),
    "person_first_reply": (
        lazy_gettext("First reply of a person"),
        lazy_gettext("From the visitor’s first message, where a person replied at all."),
    ),
    "until_solved": (
        lazy_gettext("Until solved"),
        lazy_gettext("From the visitor’s first message, in conversations that began on that day and are solved now."),
    ),
    "share": (
        lazy_gettext("Answered by the AI alone"),
        lazy_gettext("Of the conversations that got an answer, those in which no person had to write."),
    ),
    "hand_offs": (lazy_gettext("Hand-offs"), lazy_gettext("The AI gave the conversation to people, by reason.")),
    "parked": (lazy_gettext("Parked replies"), lazy_gettext("Kept as drafts, because a person was faster.")),
    "races": (
        lazy_gettext("Races met"),
        lazy_gettext(
            "A person acted while the AI was thinking. Lost: what a person set last that does not stand, with no later "
            "change on record."
        ),
    ),
    "satisfaction": (
        lazy_gettext("Satisfied visitors"),
        lazy_gettext("Of the ratings after solving, those of four or five."),
    ),
    "tokens": (lazy_gettext("Tokens spent"), lazy_gettext("As the model’s server counted them.")),
}
LINES: dict[str, Any] = {
    "volume": lazy_gettext("Conversations"),
    "median": lazy_gettext("Median"),
    "p90": lazy_gettext("9 of 10 within"),
    "share": lazy_gettext("Share"),
    "all": lazy_gettext("All"),
    "parked": lazy_gettext("Parked"),
    "met": lazy_gettext("Met"),
    "lost": lazy_gettext("Lost updates"),
    "prompt": lazy_gettext("Read"),
    "completion": lazy_gettext("Written"),
}


@blueprint.get("")
@page
def show(me: Agent) -> ResponseReturnValue:
    """The plots of the chosen period."""
    period, chosen = period_of(me)
    with services().reading() as connection:
        project = reading.project(connection, me.project_id)
        plots = reports.report(connection, me.project_id, period)
    return render_template(
        "reports.html",
        me=me,
        project=project,
        period=period,
        chosen=chosen,
        periods=PERIODS,
        zones=account.time_zones(),
        plots=[_shown(plot, period) for plot in plots],
    )


@blueprint.get("/<plot>.csv")
@page
def download(me: Agent, plot: str) -> ResponseReturnValue:
    """One plot as a file: a row for each day. That somebody took it along is written down."""
    period, _ = period_of(me)
    if plot not in WORDS:
        raise NotFound("There is no such plot.")
    with services().transaction() as writing:
        found = next(one for one in reports.report(writing.connection, me.project_id, period) if one.key == plot)
        audit.record(writing.connection, me, "export", f"report: {plot}", {"since": str(period.since)})
    head = ["day", *(line.key for line in found.lines)]
    rows = ([day.isoformat(), *values] for day, *values in _rows(found, period))
    return csv_file(f"tandem-{plot}-{period.since}-{period.until}.csv", [head, *rows])


def csv_file(name: str, rows: Iterable[Sequence[Any]]) -> Response:
    """The rows as a download of that name."""
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    response = Response(file.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def period_of(me: Agent) -> tuple[Period, dict[str, str]]:
    """The period of the address; what makes no sense there counts as not said."""
    asked = {name: request.args.get(name, "") for name in ("days", "since", "until", "zone")}
    zone = next((one for one in (asked["zone"], me.time_zone) if one in account.time_zones()), "UTC")
    today = datetime.now(UTC).astimezone(ZoneInfo(zone)).date()
    since, until = _date(asked["since"]), _date(asked["until"])
    if since and until and timedelta() <= until - since < timedelta(days=reports.LONGEST_DAYS):
        return Period(since, until, zone), {**asked, "days": "", "zone": zone}
    days = int(asked["days"]) if asked["days"] in map(str, PERIODS) else CURRENT
    period = Period(today - timedelta(days=days - 1), today, zone)
    return period, {"days": str(days), "since": str(period.since), "until": str(today), "zone": zone}


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2200 else None


def _shown(plot: Plot, period: Period) -> dict[str, Any]:
    title, hint = WORDS[plot.key]
    lines = [
        {"name": str(_line_name(line.key)), "hue": line.hue, "dashed": line.dashed, "values": line.values}
        for line in plot.lines
    ]
    return {
        "key": plot.key,
        "title": title,
        "hint": hint,
        "figure": said(plot.total, plot.unit),
        "beside": _beside(plot),
        "is_bad": bool(plot.more.get("lost")),
        "examples": plot.more.get("examples", []),
        "lines": lines,
        "rows": [
            (day, [said(value, plot.unit) for value in values])
            for day, *values in reversed(_rows(plot, period))
            if any(value for value in values)
        ],
        "given": {"unit": plot.unit, "days": [day.isoformat() for day in period.days], "lines": lines},
    }


def _rows(plot: Plot, period: Period) -> list[tuple[Any, ...]]:
    return list(zip(period.days, *(line.values for line in plot.lines), strict=True))


def _line_name(key: str) -> Any:
    return LINES.get(key) or timeline_words.reason(key).replace("_", " ")


def _beside(plot: Plot) -> str:
    """What is said beside the figure."""
    if plot.unit == "seconds" and plot.total is not None:
        return str(gettext("median; 9 of 10 within %(time)s", time=said(plot.more["p90"], "seconds")))
    if plot.key == "races":
        return str(ngettext("%(num)d lost update", "%(num)d lost updates", plot.more["lost"]))
    if plot.key == "satisfaction":
        return str(ngettext("of %(num)d rating", "of %(num)d ratings", plot.more["times"]))
    if plot.key == "hand_offs":
        most = next(iter(plot.more["reasons"].items()), None)
        return str(gettext("most often: %(reason)s", reason=_line_name(most[0]))) if most else ""
    return ""


def said(value: float | None, unit: str) -> str:
    """A value as people say it."""
    if value is None:
        return "–"
    if unit == "percent":
        return f"{value:g} %"
    if unit == "count":
        return f"{value:,.0f}"
    if value < 60:
        return f"{value:.1f} s"
    if value < 3600:
        return f"{value / 60:.0f} min"
    return f"{value / 3600:.1f} h" if value < DAYS_FROM_SECONDS else f"{value / 86400:.1f} d"
