"""The figures of /metrics: what a person on call looks at, cheap to ask for, and all of it in the docs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import text

from inbox import figures
from tests.integration.callers import House
from tests.integration.test_indexes import crowded, scanned
from tests.people import People

__all__ = ["crowded"]  # a fixture, used by its name

PAGE = Path(__file__).parents[2] / "docs" / "operating.md"


def told(people: People) -> dict[str, float]:
    """What stands there, by name and labels."""
    with people.services.reading() as connection:
        lines = figures.figures(connection, streams=3, redis_answers=False).decode().splitlines()
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}


@pytest.mark.parametrize(
    ("columns", "seconds"),
    [
        ("status = 'queued', created_at = now() - interval '90 s'", 90),
        ("status = 'queued', created_at = now() - interval '90 s', next_try_at = now() + interval '9 s'", 0),
        ("status = 'queued', created_at = now() - interval '90 s', next_try_at = now() - interval '40 s'", 40),
        ("status = 'thinking', created_at = now() - interval '90 s', lease_until = now() + interval '9 s'", 0),
        ("status = 'thinking', created_at = now() - interval '90 s', lease_until = now() - interval '50 s'", 50),
        ("status = 'landed', created_at = now() - interval '90 s'", 0),
    ],
)
def test_how_long_nobody_took_a_turn(people: People, columns: str, seconds: int) -> None:
    """A turn that may not be begun yet, or is thought about, is not overdue."""
    people.visitor_writes()
    people.behind_the_back(f"UPDATE turn SET {columns}")
    assert seconds <= told(people)["tandem_turns_overdue_seconds"] < seconds + 60


def test_why_conversations_were_handed_off(people: People) -> None:
    people.visitor_writes()
    people.behind_the_back("UPDATE turn SET status = 'handed_off', reason = 'model_failed', ended_at = now()")
    found = told(people)
    assert found['tandem_hand_offs{reason="model_failed"}'] == 1
    assert found['tandem_hand_offs{reason="model_timeout"}'] == 0, "told, so that an alert knows its series"
    assert found['tandem_turns{status="handed_off"}'] == 1
    people.behind_the_back("UPDATE turn SET ended_at = now() - interval '2 hours'")
    assert told(people)['tandem_hand_offs{reason="model_failed"}'] == 0


def test_who_waits_and_what_fails(people: People) -> None:
    before = told(people)
    people.act("take_over")
    people.visitor_writes()
    people.behind_the_back(
        "INSERT INTO webhook (project_id, url, secret, events, position, failing_since)"
        " SELECT project_id, 'https://example.com', 'x', '{}', 0, now() FROM conversation"
    )
    after = told(people)
    assert (before["tandem_needs_person"], after["tandem_needs_person"]) == (0, 1)
    assert (before["tandem_webhooks_failing"], after["tandem_webhooks_failing"]) == (0, 1)
    assert (after["tandem_redis_up"], after["tandem_event_streams"]) == (0, 3)
    people.behind_the_back("UPDATE webhook SET enabled = false")
    assert told(people)["tandem_webhooks_failing"] == 0


def test_each_is_in_the_docs_and_no_other(people: People, house: House) -> None:
    own = {re.split(r"[{ ]", name)[0] for name in told(people)}
    ours = {name for name in own if name.startswith("tandem_")} | {"tandem_window_ms"}
    assert set(re.findall(r"\btandem_[a-z_]+", PAGE.read_text())) == ours
    assert "tandem_redis_up 1.0" in house.app.test_client().get("/metrics").text


def test_no_table_is_read(crowded: People) -> None:
    with crowded.services.reading() as connection:
        connection.execute(text("ANALYZE"))
        for statement in (figures.TURNS, figures.OVERDUE, figures.HAND_OFFS, figures.NEED_A_PERSON, figures.FAILING):
            assert scanned(connection, statement) == set(), statement.text
