"""A filled project is one that the product could have written: what a row says follows from what happened in it."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from sqlalchemy import text

from commands.fill import fill
from commands.filling import COURSES
from inbox import counts, representation
from inbox.timeline import sentence
from tests.people import People

CONVERSATIONS = 400

# Each finds conversations that break a rule.
RULES = {
    "the newest public message is the last": """
        SELECT id FROM conversation c WHERE last_message_id IS DISTINCT FROM (
            SELECT max(id) FROM message m WHERE m.conversation_id = c.id AND NOT private)""",
    "its time is the last time": """
        SELECT c.id FROM conversation c JOIN message m ON m.id = c.last_message_id
        WHERE m.created_at <> c.last_message_timestamp""",
    "every write is a version, and none is skipped": """
        SELECT c.id FROM conversation c JOIN timeline_event e ON e.conversation_id = c.id GROUP BY c.id
        HAVING c.version <> max(e.version) OR c.version <> count(DISTINCT e.version)""",
    "an act of a person is an epoch": """
        SELECT c.id FROM conversation c JOIN timeline_event e ON e.conversation_id = c.id AND e.actor_type = 'agent'
        GROUP BY c.id HAVING c.epoch <> count(DISTINCT e.version)""",
    "every reply has its turn and every turn its reply": """
        SELECT m.id FROM message m FULL JOIN turn t ON t.id = m.turn_id AND t.message_id = m.id
        WHERE (m.id IS NULL OR t.id IS NULL) AND (m.author = 'responder' OR m.id IS NULL)""",
    "a turn answers visitors' messages of its conversation": """
        SELECT t.id FROM turn t LEFT JOIN message m ON m.id = ANY (t.answers) AND m.conversation_id = t.conversation_id
            AND m.author = 'visitor' AND m.id < t.message_id WHERE m.id IS NULL""",
    "what nobody answers is with people": """
        SELECT c.id FROM conversation c JOIN message m ON m.id = c.last_message_id
        WHERE m.author = 'visitor' AND c.responder_state = 'active'""",
    "assigned and snoozed say when": """
        SELECT id FROM conversation WHERE (assignee_id IS NULL) <> (assigned_at IS NULL)
            OR (status = 'snoozed') <> (snoozed_until IS NOT NULL)""",
    "nothing lies in the future": "SELECT id FROM message WHERE created_at > clock_timestamp()",
    "every message is found by its words": """
        SELECT m.id FROM message m LEFT JOIN message_search s ON s.message_id = m.id AND s.project_id = m.project_id
        WHERE s.search IS DISTINCT FROM to_tsvector('simple', words_of(m.content))""",
    "message ids rise with the time": """
        SELECT a.id FROM message a JOIN message b USING (conversation_id)
        WHERE a.id < b.id AND a.created_at > b.created_at""",
}


# All that a table has: whatever was set aside is back, and is what it was.
SHAPE = """
SELECT pg_get_indexdef(indexrelid) AS has, indisvalid AS works FROM pg_index
    JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = 'public'::regnamespace
UNION ALL SELECT conrelid::regclass || conname || pg_get_constraintdef(oid), convalidated FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT tgrelid::regclass || tgname, tgenabled = 'O' FROM pg_trigger WHERE NOT tgisinternal
ORDER BY 1
"""


@pytest.fixture(params=["beside", "apart"])
def filled(request: pytest.FixtureRequest, people: People) -> People:
    """Filled in either way: beside everybody else, and with the tables for oneself."""
    address = people.services.database.url.render_as_string(hide_password=False).replace("+psycopg", "")
    before = rows(people, SHAPE)
    with psycopg.connect(address, autocommit=True) as connection:
        many = 1 if request.param == "apart" else CONVERSATIONS + 1
        made = list(fill(connection, people.project_id, CONVERSATIONS, many=many))
    assert any(batch.building == "message_search_words" for batch in made) == (request.param == "apart")
    assert sum(batch.conversations for batch in made) == CONVERSATIONS
    assert rows(people, SHAPE) == before
    return people


def rows(people: People, statement: str, **parameters: Any) -> list[Any]:
    with people.services.reading() as connection:
        return list(connection.execute(text(statement), parameters).mappings())


def test_a_filled_project_keeps_every_rule(filled: People) -> None:
    # The visitor who was there before has written nothing yet, and has no part in it.
    empty = rows(filled, "DELETE FROM conversation WHERE last_message_id IS NULL RETURNING id")
    assert len(empty) == 1
    assert len(rows(filled, "SELECT 1 FROM conversation")) == CONVERSATIONS
    broken = {rule: found for rule, statement in RULES.items() if (found := rows(filled, statement))}
    assert broken == {}
    with filled.services.reading() as connection:
        for agent in (filled.ana, filled.ben):
            named = (connection, filled.project_id, agent.id)
            assert counts.kept(*named) == counts.counted(*named)


def test_it_is_shown_as_anything_else(filled: People) -> None:
    """Every entry has its sentence, every row its form; every course is taken, and of many kinds."""
    for entry in rows(filled, "SELECT * FROM timeline_event ORDER BY id LIMIT 300"):
        assert "None" not in sentence(entry)
        representation.entry(entry)
    states = {row["responder_state"] for row in rows(filled, "SELECT responder_state FROM conversation")}
    assert states == {"active", "paused", "handed_off"}
    assert len({course.steps for course in COURSES}) == len(COURSES)
