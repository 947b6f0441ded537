"""When a team answers: its week in its own time zone, less its holidays. Pure.

Owns asking whether it is open and when it opens next. Knows no clock and no database.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
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
        first = at.astimezone(ZoneInfo(self.zone)).date()
        for number in range(FARTHEST_DAYS):
            openings = self._openings(first + timedelta(days=number))
            later = [opening for opening in openings if opening > at and self.is_open(opening)]
            if later:
                return min(later)
        return None

    def _openings(self, day: date) -> Iterator[datetime]:
        """Every moment of the day at which it may open, in UTC: a span's begin, and where the clock is changed.

        A begin comes twice where the clock is put back over it, and not at all where it is put forward over it.
        """
        zone = ZoneInfo(self.zone)
        for begin, _ in self._spans(day):
            for time_round in (0, 1):
                yield datetime.combine(day, begin.replace(fold=time_round), zone).astimezone(UTC)
        jump = _jump(day, zone)
        if jump is not None:
            yield jump

    def _spans(self, day: date) -> list[Span]:
        if day in self.holidays:
            return []
        return sorted(
            (found for text in self.week.get(DAYS[day.weekday()], ()) if (found := span(text))), key=lambda one: one[0]
        )


def _jump(day: date, zone: ZoneInfo) -> datetime | None:
    """When the clock is changed on that day, its midnights included, in UTC."""
    begin, end = (
        datetime.combine(midnight, time.min, zone).astimezone(UTC) for midnight in (day, day + timedelta(days=1))
    )

    def is_behind(minutes: int) -> bool:
        moment = begin + timedelta(minutes=minutes)
        return moment.astimezone(zone).utcoffset() == end.astimezone(zone).utcoffset()

    if is_behind(0):
        return None
    return begin + timedelta(minutes=bisect_left(range((end - begin) // timedelta(minutes=1)), True, key=is_behind))


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
