"""When a team answers: its week in its own time zone, less its holidays. Pure.

Owns asking whether it is open and when it opens next. Knows no clock and no database.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_SPANS = 4  # of one day
FARTHEST_DAYS = 400  # looked ahead; who opens later than that never does
SPAN = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|(24:00))")
Span = tuple[time, time | None]  # None: until midnight


@dataclass(frozen=True)
class Hours:
    """A team's hours. A day that is not named is closed."""

    zone: str
    week: Mapping[str, Sequence[str]]
    holidays: frozenset[date]

    def is_open(self, at: datetime) -> bool:
        """Whether the team answers at this moment."""
        local = at.astimezone(ZoneInfo(self.zone))
        clock = local.time().replace(tzinfo=None)
        return any(begin <= clock and (end is None or clock < end) for begin, end in self._spans(local.date()))

    def opens_at(self, at: datetime) -> datetime | None:
        """The next moment at which the team answers again, in UTC; None where there is none, or it answers now."""
        if self.is_open(at):
            return None
        zone = ZoneInfo(self.zone)
        first = at.astimezone(zone).date()
        for number in range(FARTHEST_DAYS):
            day = first + timedelta(days=number)
            for begin, _ in self._spans(day):
                opening = datetime.combine(day, begin, zone).astimezone(UTC)
                if opening > at:
                    return opening
        return None

    def _spans(self, day: date) -> list[Span]:
        if day in self.holidays:
            return []
        return sorted(
            (found for text in self.week.get(DAYS[day.weekday()], ()) if (found := span(text))), key=lambda one: one[0]
        )


def span(text: str) -> Span | None:
    """`09:00-17:30` as times; None for what is none, or ends before it begins."""
    found = SPAN.fullmatch(text)
    if found is None:
        return None
    begin = time(int(found[1]), int(found[2]))
    end = None if found[5] else time(int(found[3]), int(found[4]))
    return (begin, end) if end is None or begin < end else None


def fits(texts: Sequence[str]) -> bool:
    """Whether these can be the spans of a day: few, each one a span, none over another."""
    return len(texts) <= MOST_SPANS and all(span(one) for one in texts) and not overlap(texts)


def overlap(texts: Sequence[str]) -> bool:
    """Whether any two spans of a day share a moment."""
    spans = sorted((found for text in texts if (found := span(text))), key=lambda one: one[0])
    return any(end is None or end > begin for (_, end), (begin, _) in pairwise(spans))
