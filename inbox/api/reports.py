"""The report over the API: the same figures as its page, day by day."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, request

from inbox import account, breakdowns, reports
from inbox.access import Agent
from inbox.api.answering import answer
from inbox.api.asking import agent_route, query, services
from inbox.errors import Invalid
from inbox.reports import LONGEST_DAYS, Period, Plot

blueprint = Blueprint("reports_api", __name__, url_prefix="/api/v1/reports")
CURRENT_DAYS = 30


@blueprint.get("")
@agent_route
def show(who: Agent) -> Response:
    """Every plot of a period, the last 30 days where none is asked for. Days are those of `zone`, else of yours."""
    query("since", "until", "zone")
    period = _period(who)
    with services().reading() as connection:
        plots = reports.report(connection, who.project_id, period)
    days = [day.isoformat() for day in period.days]
    named = {"since": days[0], "until": days[-1], "zone": period.zone}
    return answer({**named, "days": days, "plots": [_shown(plot) for plot in plots]})


@blueprint.get("/breakdown")
@agent_route
def show_breakdown(who: Agent) -> Response:
    """Who answered, what it was about, and when visitors write, over the same periods. Agents are told of themselves
    alone, managers of everybody.
    """
    query("since", "until", "zone")
    period = _period(who)
    with services().reading() as connection:
        found = breakdowns.breakdown(connection, who, period)
    named = {"since": period.since.isoformat(), "until": period.until.isoformat(), "zone": period.zone}
    return answer({**named, **asdict(found)})


def _shown(plot: Plot) -> dict[str, Any]:
    lines = [{"key": line.key, "values": list(line.values)} for line in plot.lines]
    return {"key": plot.key, "unit": plot.unit, "total": plot.total, "lines": lines, "more": dict(plot.more)}


def _period(who: Agent) -> Period:
    """The period that the query asks for. Raises Invalid."""
    zone = request.args.get("zone") or (who.time_zone if who.time_zone in account.time_zones() else "UTC")
    if zone not in account.time_zones():
        raise _invalid("zone", "is no time zone, such as Asia/Ho_Chi_Minh")
    until = _day("until") or datetime.now(UTC).astimezone(ZoneInfo(str(zone))).date()
    since = _day("since") or until - timedelta(days=CURRENT_DAYS - 1)
    if not timedelta() <= until - since < timedelta(days=LONGEST_DAYS):
        raise _invalid("since", f"must be before until, and at most {LONGEST_DAYS - 1} days before it")
    return Period(since, until, str(zone))


def _day(name: str) -> date | None:
    text = request.args.get(name)
    if text is None:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not 2000 <= found.year <= 2200:
        raise _invalid(name, "must be a day such as 2026-01-25")
    return found


def _invalid(name: str, why: str) -> Invalid:
    return Invalid(f"Not valid: {name}.", fields={name: why})
