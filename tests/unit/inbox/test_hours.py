"""A team's hours: open or closed, and when it opens, over lunch, weekends, holidays and clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from inbox.hours import DAYS, Hours, overlap, span

WEEK = {day: ["09:00-12:00", "13:00-17:00"] for day in DAYS[:5]}
HANOI = Hours("Asia/Ho_Chi_Minh", WEEK, frozenset({date(2026, 9, 2)}))  # UTC+7, no summer time
BERLIN = Hours("Europe/Berlin", WEEK, frozenset())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "now", "opens"),
    [
        (HANOI, "2026-08-31 02:00", None),  # Monday, 9 sharp
        (HANOI, "2026-08-31 01:59", "2026-08-31 02:00"),
        (HANOI, "2026-08-31 05:00", "2026-08-31 06:00"),  # lunch
        (HANOI, "2026-08-31 10:00", "2026-09-01 02:00"),  # 17 sharp
        (HANOI, "2026-09-01 10:00", "2026-09-03 02:00"),  # over the holiday
        (HANOI, "2026-09-04 10:00", "2026-09-07 02:00"),  # over the weekend
        (BERLIN, "2026-03-27 17:00", "2026-03-30 07:00"),  # Friday evening in winter, Monday in summer
        (BERLIN, "2026-10-23 16:00", "2026-10-26 08:00"),
        (Hours("UTC", {}, frozenset()), "2026-01-01 00:00", None),
    ],
)
def test_when_it_opens(hours: Hours, now: str, opens: str | None) -> None:
    assert hours.opens_at(at(now)) == (at(opens) if opens else None)
    assert hours.is_open(at(now)) is (opens is None and bool(hours.week))


@pytest.mark.parametrize(
    ("zone", "spans", "now", "opens"),
    [
        # The clock goes from 02:00 to 03:00 at 01:00 UTC, over the begin.
        ("Europe/Berlin", ["02:30-12:00"], "2026-03-29 00:59", "2026-03-29 01:00"),
        # From 00:00 to 01:00 at 22:00 UTC of the day before.
        ("Africa/Cairo", ["00:30-12:00"], "2026-04-23 21:50", "2026-04-23 22:00"),
        # Back from 03:00 to 02:00 at 01:00 UTC: half past two comes twice, and so does what lies before it.
        ("Europe/Berlin", ["02:30-12:00"], "2026-10-25 01:10", "2026-10-25 01:30"),
        ("Europe/Berlin", ["01:30-02:30"], "2026-10-25 00:45", "2026-10-25 01:00"),
        ("Europe/Berlin", ["08:00-12:00"], "2026-10-25 00:45", "2026-10-25 07:00"),
    ],
)
def test_where_the_clock_is_changed(zone: str, spans: list[str], now: str, opens: str) -> None:
    hours = Hours(zone, dict.fromkeys(DAYS, spans), frozenset())
    assert not hours.is_open(at(now))
    assert hours.opens_at(at(now)) == at(opens)
    moments = [at(now) + timedelta(minutes=minutes) for minutes in range(1, 24 * 60)]
    assert next(moment for moment in moments if hours.is_open(moment)) == at(opens)


def test_until_midnight() -> None:
    late = Hours("UTC", {"sunday": ["22:00-24:00"]}, frozenset())
    assert late.is_open(at("2026-03-01 23:59"))
    assert not late.is_open(at("2026-03-02 00:00"))


@pytest.mark.parametrize("text", ["", "9-17", "09:00", "17:00-09:00", "09:00-09:00", "25:00-26:00", "09:00-24:01", "x"])
def test_what_is_no_span(text: str) -> None:
    assert span(text) is None


def test_overlaps() -> None:
    assert not overlap(["13:00-17:00", "09:00-13:00"])
    assert overlap(["09:00-13:01", "13:00-17:00"])
    assert overlap(["09:00-24:00", "22:00-23:00"])
