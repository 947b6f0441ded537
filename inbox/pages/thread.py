"""What stands between the messages of an open conversation: days, and what happened to it, as quiet lines.

Owns which happenings are told there (the timeline beside it tells all) and in what order. A script shows days of the
reader's own zone (static/js/days.js).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from inbox.language import time_zone

Row = Mapping[str, Any]
ICONS = {
    "assigned": "user",
    "unassigned": "user",
    "status": "check",
    "taken_over": "hand",
    "given_back": "redo",
    "handed_off": "hand",
    "needs_no_answer": "check",
    "reopened": "undo",
    "turn_parked": "park",
    "message_removed": "trash",
    "turn_dropped": "stop",
    "turn_landed": "check",
}


@dataclass(frozen=True)
class Item:
    """A message, or something that happened. `begins`: the first of its day."""

    at: datetime
    message: Row | None = None
    entry: Row | None = None
    icon: str = ""
    begins: bool = False


def thread(messages: Iterable[Row], timeline: Iterable[Row], *, after_entry: int | None) -> list[Item]:
    """Both in the order in which they happened. Entries up to `after_entry` are there already; None: tell no entry."""
    said = [Item(row["created_at"], message=row) for row in messages]
    told = [Item(row["at"], entry=row, icon=ICONS[row["kind"]]) for row in timeline if _is_told(row, after_entry)]
    # A reply stands above what its landing tells, which has the same moment: the sort is stable.
    return sorted([*said, *told], key=lambda item: item.at)


def opened(messages: list[Row], timeline: list[Row]) -> list[Item]:
    """The thread of a page that opens. What happened before its first message is left to the timeline."""
    first = messages[0]["created_at"] if messages else None
    since = [row for row in timeline if first is None or row["at"] >= first]
    return _with_days(thread(messages, since, after_entry=0))


def earlier(messages: list[Row]) -> list[Item]:
    """A part from before that: its messages and their days; what happened then is left to the timeline."""
    return _with_days(thread(messages, [], after_entry=None))


def newest_entry(timeline: list[Row]) -> int:
    """The id behind which the next happening comes; the timeline is newest first."""
    return int(timeline[0]["id"]) if timeline else 0


def _is_told(entry: Row, after: int | None) -> bool:
    if after is None or entry["id"] <= after or entry["kind"] not in ICONS:
        return False
    return entry["kind"] != "turn_landed" or bool((entry["data"] or {}).get("kept"))


def _with_days(items: list[Item]) -> list[Item]:
    zone: tzinfo = ZoneInfo(time_zone()) if time_zone() else UTC
    days = [item.at.astimezone(zone).date() for item in items]
    return [replace(item, begins=n == 0 or days[n - 1] != days[n]) for n, item in enumerate(items)]
