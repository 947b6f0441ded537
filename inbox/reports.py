"""The report: how a project did, day by day, from what happened in it. Nothing is counted beforehand.

Owns which figures there are and how rows become them. The SQL is inbox/reports_sql.py's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from inbox import reports_sql
from inbox.patience import patiently

Unit = Literal["count", "seconds", "percent"]
Hue = Literal["ink", "ai", "person", "bad"]
LONGEST_DAYS = 366
STATEMENT_SECONDS = 60.0  # who asks about a year of many conversations waits, and knows why


@dataclass(frozen=True)
class Period:
    """Days in a time zone, the last one included."""

    since: date
    until: date
    zone: str

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        return [self.since + timedelta(days=number) for number in range((self.until - self.since).days + 1)]

    def asked(self) -> dict[str, Any]:
        """What the statements take: the zone, the first moment, and the one after the last."""
        begin, end = (
            datetime.combine(day, time.min, ZoneInfo(self.zone)) for day in (self.since, self.until + timedelta(days=1))
        )
        return {"begin": begin, "end": end, "zone": self.zone}


@dataclass(frozen=True)
class Line:
    """One line of a plot: its key, whose acts it shows, and a value for each day (None: nothing to measure)."""

    key: str
    hue: Hue
    values: Sequence[float | None]
    dashed: bool = False


@dataclass(frozen=True)
class Plot:
    """One plot and the figure of the whole period (`total`)."""

    key: str
    unit: Unit
    lines: Sequence[Line]
    total: float | None
    more: Mapping[str, Any] = field(default_factory=dict)


def report(connection: Connection, project_id: int, period: Period) -> list[Plot]:
    """Every plot of the period."""
    asked = {"project": project_id, **period.asked()}
    with patiently(connection, STATEMENT_SECONDS):
        rows = connection.execute(reports_sql.REPLIES, asked).mappings().all()
        begun = {row["day"]: row for row in rows}
        solved = {row["day"]: row for row in connection.execute(reports_sql.UNTIL_SOLVED, asked).mappings()}
        events = connection.execute(reports_sql.EVENTS, asked).mappings().all()
        lost = {row["day"]: row for row in connection.execute(reports_sql.LOST, asked).mappings()}
        tokens = {row["day"]: row for row in connection.execute(reports_sql.TOKENS, asked).mappings()}
        ratings = connection.execute(reports_sql.RATINGS, asked).mappings().all()
    days = period.days
    return [
        _count("volume", days, {day: row["conversations"] for day, row in begun.items()}, "ink"),
        _times("ai_first_reply", days, begun, "ai", "ai"),
        _times("person_first_reply", days, begun, "person", "person"),
        _times("until_solved", days, solved, "ink", "solved"),
        _share(days, begun),
        _hand_offs(days, events),
        _count("parked", days, _by_day(events, "turn_parked"), "ai", dashed=True),
        _races(days, events, lost),
        _tokens(days, tokens),
        _satisfaction(days, ratings),
    ]


def _count(key: str, days: Sequence[date], found: Mapping[Any, Any], hue: Hue, *, dashed: bool = False) -> Plot:
    values = [found.get(day, 0) for day in days]
    return Plot(key, "count", [Line(key, hue, values, dashed)], sum(values))


def _times(key: str, days: Sequence[date], rows: Mapping[Any, Any], hue: Hue, column: str) -> Plot:
    """Median and ninth decile in seconds; the figure is the period's own median."""

    def at(day: date | None, place: int) -> float | None:
        found = rows[day][column] if day in rows else None
        return round(float(found[place]), 1) if found else None

    lines = [
        Line("median", hue, [at(day, 0) for day in days]),
        Line("p90", hue, [at(day, 1) for day in days], dashed=True),
    ]
    return Plot(key, "seconds", lines, at(None, 0), {"p90": at(None, 1)})


def _share(days: Sequence[date], begun: Mapping[Any, Any]) -> Plot:
    """Of the conversations that anybody answered, those in which no agent had to say a word."""

    def at(day: date | None) -> float | None:
        row = begun.get(day)
        return round(100 * row["by_responder"] / row["answered"], 1) if row and row["answered"] else None

    return Plot("share", "percent", [Line("share", "ai", [at(day) for day in days])], at(None))


def _hand_offs(days: Sequence[date], events: Sequence[Mapping[Any, Any]]) -> Plot:
    reasons: dict[str, dict[date, int]] = defaultdict(dict)
    for row in events:
        if row["kind"] == "handed_off":
            by_day = reasons[row["reason"] or "asked"]
            by_day[row["day"]] = by_day.get(row["day"], 0) + row["times"]
    ordered = sorted(reasons.items(), key=lambda one: -sum(one[1].values()))
    totals = [sum(by_day.get(day, 0) for by_day in reasons.values()) for day in days]
    lines = [Line("all", "person", totals)]
    lines += [Line(reason, "ink", [by_day.get(day, 0) for day in days], dashed=True) for reason, by_day in ordered]
    shares = {reason: sum(by_day.values()) for reason, by_day in ordered}
    return Plot("hand_offs", "count", lines, sum(totals), {"reasons": shares})


def _races(days: Sequence[date], events: Sequence[Mapping[Any, Any]], lost: Mapping[Any, Any]) -> Plot:
    """Turns that a person overtook (something of theirs was kept, or the reply was parked), and what was undone."""
    met = _by_day(events, "turn_landed", "turn_parked")
    undone = [lost[day]["times"] if day in lost else 0 for day in days]
    lines = [Line("met", "person", [met.get(day, 0) for day in days]), Line("lost", "bad", undone)]
    examples = [row["example"] for row in lost.values()]
    return Plot("races", "count", lines, sum(met.values()), {"lost": sum(undone), "examples": examples})


def _tokens(days: Sequence[date], found: Mapping[Any, Any]) -> Plot:
    prompt, completion = (
        [int(found[day][kind] or 0) if day in found else 0 for day in days] for kind in ("prompt", "completion")
    )
    lines = [Line("prompt", "ai", prompt), Line("completion", "ai", completion, dashed=True)]
    return Plot("tokens", "count", lines, sum(prompt) + sum(completion))


def _satisfaction(days: Sequence[date], rows: Sequence[Mapping[Any, Any]]) -> Plot:
    """Of the ratings that visitors gave, those of four or five."""
    found = {row["day"]: row for row in rows}
    shares = [round(100 * found[day]["good"] / found[day]["times"], 1) if day in found else None for day in days]
    times = sum(row["times"] for row in rows)
    total = round(100 * sum(row["good"] for row in rows) / times, 1) if times else None
    return Plot("satisfaction", "percent", [Line("share", "ink", shares)], total, {"times": times})


def _by_day(events: Sequence[Mapping[Any, Any]], *kinds: str) -> dict[date, int]:
    found: dict[date, int] = defaultdict(int)
    for row in events:
        if row["kind"] in kinds:
            found[row["day"]] += row["times"]
    return found
