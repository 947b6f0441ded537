"""The report: every figure from what happened, the lost updates among them, and fast on large tables."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from inbox import reports, reports_sql
from inbox.reports import Period, Plot
from tests.integration.callers import House
from tests.integration.reader import Sit, shown
from tests.integration.test_indexes import crowded, scanned
from tests.people import People

__all__ = ["crowded"]  # a fixture, used by its name


def today() -> date:
    return datetime.now(UTC).date()


def plots(people: People, period: Period | None = None) -> dict[str, Plot]:
    period = period or Period(today() - timedelta(days=6), today(), "UTC")
    with people.services.reading() as connection:
        return {plot.key: plot for plot in reports.report(connection, people.project_id, period)}


AN_HOUR_AGO = "date_trunc('hour', now()) - interval '1 hour'"


def say(people: People, author: str, seconds: int) -> None:
    """A message so many seconds after the first moment."""
    people.behind_the_back(
        f"INSERT INTO message (project_id, conversation_id, author, content, created_at)"
        f" SELECT project_id, id, '{author}', 'x', {AN_HOUR_AGO} + interval '{seconds} seconds' FROM conversation"
        " WHERE id = :conversation"
    )


def test_nothing_happened(people: People) -> None:
    found = plots(people)
    assert {key: plot.total for key, plot in found.items() if key != "satisfaction"} == {
        "volume": 0, "ai_first_reply": None, "person_first_reply": None, "share": None, "hand_offs": 0, "parked": 0,
        "races": 0, "tokens": 0, "until_solved": None,
    }  # fmt: skip
    assert found["races"].more["lost"] == 0


def test_first_replies_and_shares(people: People) -> None:
    for author, seconds in (("visitor", 0), ("responder", 8), ("visitor", 60), ("agent", 300), ("responder", 400)):
        say(people, author, seconds)
    found = plots(people)
    assert (found["volume"].total, found["ai_first_reply"].total, found["person_first_reply"].total) == (1, 8, 300)
    assert found["share"].total == 0, "a person had to write"
    people.behind_the_back("DELETE FROM message WHERE author = 'agent'")
    assert plots(people)["share"].total == 100
    people.behind_the_back("UPDATE message SET private = true WHERE author = 'responder'")
    assert plots(people)["ai_first_reply"].total is None, "a note is no reply"


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("status", {"to": "solved"}),
        ("tool", {"tool": "set_status", "outcome": "done", "wanted": {"status": "solved"}}),
    ],
)
def test_until_solved(people: People, kind: str, data: dict[str, Any]) -> None:
    """Whoever solved it: what counts is the last time, while it stands."""
    say(people, "visitor", 0)
    for seconds in (600, 3000):
        people.behind_the_back(
            "INSERT INTO timeline_event (project_id, conversation_id, version, kind, actor_type, data, at)"
            " SELECT project_id, id, version, :kind, 'responder', CAST(:data AS jsonb),"
            f" {AN_HOUR_AGO} + interval '{seconds} seconds' FROM conversation WHERE id = :conversation",
            kind=kind,
            data=data,
        )
    assert plots(people)["until_solved"].total is None, "it is open"
    people.behind_the_back("UPDATE conversation SET status = 'solved' WHERE id = :conversation")
    assert plots(people)["until_solved"].total == 3000


def test_a_day_is_the_readers(people: People) -> None:
    """At 23:30 UTC it is tomorrow in Hanoi."""
    say(people, "visitor", 0)
    people.behind_the_back("UPDATE conversation SET created_at = '2026-03-01T23:30:00Z' WHERE id = :conversation")
    for zone, day in (("UTC", date(2026, 3, 1)), ("Asia/Ho_Chi_Minh", date(2026, 3, 2))):
        volume = plots(people, Period(date(2026, 2, 28), date(2026, 3, 3), zone))["volume"]
        days = [date(2026, 2, 28) + timedelta(days=number) for number in range(4)]
        assert dict(zip(days, volume.lines[0].values, strict=True)) == {one: int(one == day) for one in days}
        assert plots(people, Period(day, day, zone))["volume"].total == 1
        assert plots(people, Period(day + timedelta(days=1), day + timedelta(days=1), zone))["volume"].total == 0


def test_hand_offs_races_and_tokens(people: People) -> None:
    entry = (
        "INSERT INTO timeline_event (project_id, conversation_id, version, kind, actor_type, data)"
        " SELECT project_id, id, 1, :kind, 'responder', CAST(:data AS jsonb) FROM conversation WHERE id = :conversation"
    )
    for kind, data in (
        ("handed_off", {"reason": "model_failed"}), ("handed_off", {"reason": "model_failed"}), ("handed_off", {}),
        ("turn_parked", {"reason": "person_replied"}), ("turn_landed", {"kept": []}),
        ("turn_landed", {"kept": [{"field": "status"}]}),
    ):  # fmt: skip
        people.behind_the_back(entry, kind=kind, data=data)
    people.behind_the_back(
        "INSERT INTO turn (project_id, conversation_id, status, prompt_tokens, completion_tokens)"
        " SELECT project_id, id, 'landed', 700, 50 FROM conversation WHERE id = :conversation"
    )
    found = plots(people)
    assert (found["hand_offs"].total, found["hand_offs"].more["reasons"]) == (3, {"model_failed": 2, "asked": 1})
    assert (found["parked"].total, found["races"].total, found["tokens"].total) == (1, 2, 750)


def test_what_people_set_stands(people: People) -> None:
    """Acts upon acts, a visitor who reopens, a snooze: none of that is a lost update."""
    people.patch(status="pending", priority="high", assignee_id=people.ben.id)
    people.patch(who=people.ben, status="solved")
    people.visitor_writes("One more thing.")
    people.act("claim", who=people.ben)
    people.patch(assignee_id=None)
    people.patch(assignee_id=people.ana.id)
    assert people.conversation()["status"] == "open"
    assert plots(people)["races"].more == {"lost": 0, "examples": []}


@pytest.mark.parametrize(
    "stale", ["status = 'open'", "assignee_id = NULL", "priority = 'normal'", "status = 'spam', priority = 'low'"]
)
def test_a_lost_update_is_found(people: People, stale: str) -> None:
    """Somebody writes back what they read before a person's act: the report says so, and where."""
    people.patch(status="pending", priority="high", assignee_id=people.ben.id)
    people.behind_the_back(f"UPDATE conversation SET {stale} WHERE id = :conversation")
    found = plots(people)["races"].more
    assert found == {"lost": stale.count(" = "), "examples": [people.conversation_id]}
    people.patch(status="solved", priority="urgent", assignee_id=people.ana.id)
    assert plots(people)["races"].more["lost"] == 0, "a person has set them again"


def test_the_responders_own_wish_is_no_loss(people: People) -> None:
    people.patch(priority="high")
    people.behind_the_back("UPDATE conversation SET priority = 'low', version = version + 1 WHERE id = :conversation")
    people.behind_the_back(
        "INSERT INTO timeline_event (project_id, conversation_id, version, kind, actor_type, data)"
        " SELECT project_id, id, version, 'tool', 'responder', CAST(:data AS jsonb) FROM conversation"
        " WHERE id = :conversation",
        data={"tool": "set_priority", "outcome": "done"},
    )
    assert plots(people)["races"].more["lost"] == 0


def test_satisfaction(people: People) -> None:
    assert plots(people)["satisfaction"].total is None
    for score in (5, 4, 3, 1):
        people.behind_the_back(
            "INSERT INTO rating (project_id, conversation_id, visitor_id, solved_version, score)"
            " SELECT project_id, id, visitor_id, :score, :score FROM conversation WHERE id = :conversation",
            score=score,
        )
    found = plots(people)["satisfaction"]
    assert (found.total, found.more) == (50, {"times": 4})


def test_another_projects_day_is_its_own(people: People) -> None:
    other = People.arrive(people.services)
    say(other, "visitor", 0)
    other.patch(status="pending")
    other.behind_the_back("UPDATE conversation SET status = 'open' WHERE id = :conversation")
    assert plots(people)["volume"].total == 0
    assert plots(people)["races"].more["lost"] == 0
    assert plots(other)["races"].more["lost"] == 1


def test_no_table_is_read_from_end_to_end(crowded: People) -> None:
    period = Period(today() - timedelta(days=2), today(), "UTC")
    asked = {"project": crowded.project_id, **period.asked()}
    with crowded.services.database.begin() as connection:
        connection.execute(
            text("UPDATE conversation SET created_at = created_at - interval '1 year' WHERE id % 50 > 0")
        )
        connection.execute(text("UPDATE timeline_event SET at = at - interval '1 year' WHERE id % 50 > 0"))
        connection.execute(text("UPDATE turn SET prompt_tokens = 1, created_at = created_at - interval '1 year'"))
    with crowded.services.reading() as connection:
        connection.execute(text("ANALYZE"))
        for statement in (reports_sql.REPLIES, reports_sql.EVENTS, reports_sql.TOKENS, reports_sql.LOST):
            assert scanned(connection, statement, **asked) == set(), statement.text


def test_the_page_and_its_files(house: House, sit: Sit) -> None:
    house.visit("Where is my order?")
    ben = sit(house.ben)
    page = ben.open("/reports")
    assert "New conversations 1" in shown(page)
    assert "0 lost updates" in shown(page)
    file = ben.client.get("/reports/volume.csv?days=7")
    assert file.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(file.text)))
    assert rows[0] == ["day", "volume"]
    assert rows[-1] == [today().isoformat(), "1"]
    assert len(rows) == 8
    assert ben.client.get("/reports/other.csv").status_code == 404
    assert "exported the report “New conversations”" in shown(sit(house.ada).open("/settings/audit"))


@pytest.mark.parametrize(
    "query", ["days=x", "since=2026-01-02&until=2026-01-01", "since=0001-01-01&until=9999-12-31", "zone=Moon/Sea"]
)
def test_odd_periods(house: House, sit: Sit, query: str) -> None:
    assert sit(house.ada).client.get(f"/reports?{query}").status_code == 200
