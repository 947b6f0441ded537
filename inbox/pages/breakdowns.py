"""The report's breakdowns as a page: tables of agents and labels, the hours of a week, and each as a CSV file.

Owns the page, its words and its files. Everybody in the project may read it; the figures of
other agents are for managers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from typing import Any, get_args

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from inbox import account, audit, breakdowns, reading
from inbox.access import Agent
from inbox.api.asking import services
from inbox.breakdowns import Breakdown, Key, OfAgent, OfLabel
from inbox.errors import NotFound
from inbox.hours import DAYS
from inbox.pages import reports
from inbox.pages.browser_session import page
from inbox.pages.working_hours import DAY_NAMES
from inbox.saying import later

blueprint = Blueprint("breakdowns", __name__, url_prefix="/reports/breakdown")
TITLES = {"agents": later("Who answered"), "labels": later("By label"), "hours": later("When visitors write")}
SHADES = 5  # of an hour, by how busy it was
# What a spreadsheet would take for a formula: a label may hold a visitor's own words.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@blueprint.get("")
@page
def show(me: Agent) -> ResponseReturnValue:
    """The tables of the chosen period."""
    period, chosen = reports.period_of(me)
    with services().reading() as connection:
        project = reading.project(connection, me.project_id)
        found = breakdowns.breakdown(connection, me, period)
    return render_template(
        "breakdown.html",
        me=me,
        project=project,
        period=period,
        chosen=chosen,
        periods=reports.PERIODS,
        zones=account.time_zones(),
        titles=TITLES,
        found=found,
        said=reports.said,
        weekdays=[DAY_NAMES[day] for day in DAYS],
        shades=_shades(found.hours),
    )


@blueprint.get("/<key>.csv")
@page
def download(me: Agent, key: str) -> ResponseReturnValue:
    """One table as a file. That somebody took it along is written down."""
    if key not in get_args(Key):
        raise NotFound("There is no such table.")
    period, _ = reports.period_of(me)
    with services().transaction() as writing:
        found = breakdowns.breakdown(writing.connection, me, period)
        audit.record(writing.connection, me, "export", f"report: {key}", {"since": str(period.since)})
    return reports.csv_file(f"tandem-{key}-{period.since}-{period.until}.csv", _rows(found, key))


def _rows(found: Breakdown, key: str) -> Iterable[Sequence[Any]]:
    """A head, and the table's rows, without what a spreadsheet would run."""
    if key == "hours":
        yield ["weekday", *range(breakdowns.HOURS)]
        yield from ([day, *hours] for day, hours in zip(DAYS, found.hours, strict=True))
        return
    yield [column.name for column in fields(OfAgent if key == "agents" else OfLabel)]
    for row in found.agents if key == "agents" else found.labels:
        yield [f"'{one}" if isinstance(one, str) and one.startswith(FORMULA) else one for one in astuple(row)]


def _shades(hours: Sequence[Sequence[int]]) -> list[list[int]]:
    """How dark each hour is: 0 where nobody wrote, SHADES in the busiest."""
    most = max(max(row) for row in hours) or 1
    return [[-(-SHADES * count // most) for count in row] for row in hours]
