"""Each hot query uses its index: none of them reads a table from end to end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, TextClause, text

from inbox import acts_sql, events, list_rows, pruning, reading, receiving_sql, resuming, visiting
from inbox.access import BY_SESSION, BY_TOKEN
from inbox.database import fetch_all
from inbox.listed import NEWEST, Filter, conditions
from inbox.tokens import digest
from tests.people import People

FILL = """
INSERT INTO conversation (project_id, visitor_id, created_at)
SELECT :project, (SELECT min(id) FROM visitor), clock_timestamp() - n * interval '1 minute'
FROM generate_series(1, 3000) AS n;
"""
MESSAGES = """
INSERT INTO message (project_id, conversation_id, author, content)
SELECT project_id, id, 'visitor', 'x' FROM conversation, generate_series(1, 5);
"""
TURNS = "INSERT INTO turn (project_id, conversation_id, status) SELECT project_id, id, 'landed' FROM conversation"
CHANGES = """
INSERT INTO change (position, project_id, conversation_id, version, body)
SELECT row_number() OVER (), project_id, id, 1, '{}' FROM conversation
"""
TIMELINE = """
INSERT INTO timeline_event (project_id, conversation_id, version, kind, actor_type)
SELECT project_id, id, 1, 'message', 'visitor' FROM conversation
"""
TOKENS = """
INSERT INTO visitor_session (token_hash, project_id, visitor_id, conversation_id)
SELECT sha256(id::text::bytea), project_id, visitor_id, id FROM conversation
"""
LARGE = ("conversation", "message", "turn", "change", "timeline_event", "visitor_session")


@pytest.fixture
def crowded(people: People) -> People:
    """A project with 3,000 conversations."""
    with people.services.database.begin() as connection:
        connection.execute(text(FILL), {"project": people.project_id})
        for statement in (MESSAGES, TURNS, CHANGES, TIMELINE, TOKENS):
            connection.execute(text(statement))
    with people.services.reading() as connection:
        connection.execute(text("ANALYZE"))
    return people


def scanned(connection: Connection, statement: TextClause, **parameters: Any) -> set[str]:
    """The large tables that the statement's plan reads from end to end."""
    explained = text("EXPLAIN (FORMAT JSON) " + statement.text)
    plan = connection.execute(explained, parameters).scalar_one()[0]["Plan"]
    found: set[str] = set()
    waiting = [plan]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE:
            found.add(node["Relation Name"])
    return found


def test_acts(crowded: People) -> None:
    who = {"conversation": crowded.conversation_id, "project": crowded.project_id, "who": 1, "who_name": "x"}
    said = {"content": "x", "snippet": "x", "details": "{}", "files": []}
    key = {"scope": "x", "key": "x", "request_hash": b"x"}
    several: dict[str, Any] = {name: ["x"] for name in ("content", "snippet", "scope", "key")}
    several |= {name: [b"x"] for name in ("token_hash", "request_hash")}
    statements: list[tuple[TextClause, dict[str, Any]]] = [
        (acts_sql.patch(frozenset({"status"}), guarded=False), {"status": "solved"}),
        (acts_sql.CLAIM, {}), (acts_sql.REPLY, {**said, "seen": 1}), (acts_sql.FASTER, {"seen": 1}),
        (acts_sql.NOTE, {**said, "mentioned": [1]}), (acts_sql.TAKE_OVER, {"mine": True}),
        (acts_sql.GIVE_BACK, {}), (acts_sql.READ, {}), (acts_sql.STOP, {"turn": 1}),
        (receiving_sql.RECEIVE, {"token_hash": b"x", "agent_online": None, "wait": "9", **key, **said}),
        (receiving_sql.RECEIVE_SEVERAL, {"agent_online": None, **several}),
    ]  # fmt: skip
    with crowded.services.reading() as connection:
        for statement, more in statements:
            known = {name: value for name, value in (who | more).items() if name in statement._bindparams}
            assert scanned(connection, statement, **known) == set(), statement.text


def test_reading(crowded: People) -> None:
    at = {"conversation": crowded.conversation_id, "project": crowded.project_id}
    with crowded.services.reading() as connection:
        assert scanned(connection, reading.CONVERSATION, **at) == set()
        for statement in (BY_TOKEN, BY_SESSION):
            assert scanned(connection, statement, digest=digest("x")) == set()
        assert scanned(connection, visiting.WHO, token_hash=digest("x")) == set()


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(),
        Filter(statuses=["open"]),
        Filter(before=("2026-01-01T00:00:00+00:00", 7)),
        Filter(assignee=1),
        Filter(waits=True),
    ],
)
def test_the_list(crowded: People, wanted: Filter) -> None:
    found = conditions(crowded.project_id, wanted)
    page = f"SELECT c.* FROM conversation c WHERE {found.sql} {wanted.order} LIMIT 50"
    with crowded.services.reading() as connection:
        for around in (list_rows.SHOWN, list_rows.WHOLE):
            assert scanned(connection, text(around.format(page=page, order=wanted.order)), **found.parameters) == set()


def test_the_rows_of_a_search(crowded: People) -> None:
    found = {"project": crowded.project_id, "ids": [crowded.conversation_id]}
    with crowded.services.reading() as connection:
        for around in (list_rows.SHOWN, list_rows.WHOLE):
            assert scanned(connection, text(around.format(page=list_rows.NAMED, order=NEWEST)), **found) == set()


def test_an_open_conversation(crowded: People, monkeypatch: pytest.MonkeyPatch) -> None:
    plans: list[set[str]] = []

    def watched(connection: Connection, sql: str, named: Mapping[str, Any]) -> list[Mapping[Any, Any]]:
        plans.append(scanned(connection, text(sql), **named))
        return fetch_all(connection, sql, named)

    monkeypatch.setattr(reading, "fetch_all", watched)
    with crowded.services.reading() as connection:
        reading.messages(connection, crowded.conversation_id)
        reading.timeline(connection, crowded.conversation_id)
        reading.turns(connection, crowded.conversation_id, before=None, limit=50)
    assert plans == [set()] * 3


def test_events(crowded: People) -> None:
    more = "AND ch.project_id = :project"
    with crowded.services.reading() as connection:
        for scope, parameters in (("", {}), (more, {"project": crowded.project_id})):
            statement = text(events.AFTER.format(more=scope))
            assert scanned(connection, statement, after=2500, limit=20, **parameters) == set()
        for statement in (events.UNPLACED, resuming.OLDEST, events.HEAD):
            assert scanned(connection, statement) == set()
        assert scanned(connection, resuming.NEWEST, project=crowded.project_id) == set()
        assert scanned(connection, pruning.CHANGES, batch=20) == set()
