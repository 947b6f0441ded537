"""Rows of the database and rows of the change log come out alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from inbox.representation import entry, moment


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (datetime(2026, 1, 25, 10, 2, 14, 9, UTC), "2026-01-25T10:02:14.000009Z"),
        (datetime(2026, 1, 25, 10, tzinfo=timezone(timedelta(hours=7))), "2026-01-25T03:00:00.000000Z"),
        (datetime(33, 1, 2, tzinfo=UTC), "0033-01-02T00:00:00.000000Z"),
        ("2026-01-25T10:02:14.5+00:00", "2026-01-25T10:02:14.500000Z"),
        ("2026-01-25T10:02:14+02:00", "2026-01-25T08:02:14.000000Z"),
    ],
)
def test_moment(value: object, shown: str | None) -> None:
    assert moment(value) == shown


def test_moments_within_facts() -> None:
    kept = [{"field": "status", "value": "pending", "by": "Ada", "at": "2026-01-25T10:02:09+00:00"}]
    row = {
        "id": 1, "at": "2026-01-25T10:02:14+00:00", "version": 3, "kind": "turn_landed", "actor_type": "responder",
        "actor_id": None, "actor_name": "AI", "turn_id": 7,
        "data": {"landed_at": "2026-01-25T10:02:14.25+00:00", "kept": kept},
    }  # fmt: skip
    shown = entry(row)
    assert shown["data"]["landed_at"] == "2026-01-25T10:02:14.250000Z"
    assert shown["data"]["kept"][0]["at"] == "2026-01-25T10:02:09.000000Z"
    assert shown["actor"] == {"type": "responder", "id": None, "name": "AI"}
