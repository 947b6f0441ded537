"""A row of the list tells who wrote last and why it was handed off, whichever release saved it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from inbox import list_rows, person_asked
from inbox.list_rows import Listed
from inbox.listed import Filter
from jobs import turn as turns
from jobs.context import Context
from tests.people import People

KEPT = text("SELECT last_said_id = last_message_id, last_said_by, last_said_name FROM conversation WHERE id = :id")
EARLIER = """
WITH m AS (
    INSERT INTO message (project_id, conversation_id, author, author_name, content)
    SELECT project_id, id, 'agent', 'Ben', 'Hello' FROM conversation WHERE id = :conversation RETURNING id)
UPDATE conversation SET last_message_id = m.id FROM m WHERE conversation.id = :conversation
"""
HAND_OFF = """
WITH c AS (
    UPDATE conversation SET responder_state = 'handed_off', handed_off_reason = COALESCE(:kept, handed_off_reason),
        version = version + 1 WHERE id = :conversation RETURNING *)
INSERT INTO timeline_event (project_id, conversation_id, version, kind, actor_type, data)
SELECT project_id, id, version, 'handed_off', 'responder', jsonb_build_object('reason', CAST(:reason AS text)) FROM c
"""
Does = Callable[[People, Context], object]


def row(people: People) -> Listed:
    with people.services.reading() as connection:
        (found,) = list_rows.shown(connection, people.project_id, Filter())
    return found


def kept(people: People) -> tuple[object, ...]:
    with people.services.reading() as connection:
        return tuple(connection.execute(KEPT, {"id": people.conversation_id}).one())


def visitor_writes(people: People, _: Context) -> None:
    people.visitor_writes()


def turn_lands(people: People, worker: Context) -> None:
    turn_id = people.visitor_writes()
    assert turn_id is not None
    turns.run(worker, turn_id)


def agent_replies(people: People, worker: Context) -> None:
    turn_lands(people, worker)
    people.act("reply", "Hello")


@pytest.mark.parametrize(
    ("does", "author", "name"),
    [(visitor_writes, "visitor", None), (turn_lands, "responder", None), (agent_replies, "agent", "Ana")],
)
def test_who_wrote_last_is_kept_with_the_conversation(
    people: People, worker: Context, does: Does, author: str, name: str | None
) -> None:
    does(people, worker)
    assert kept(people) == (True, author, name)
    assert (row(people).last_author, row(people).last_author_name) == (author, name)


def test_a_message_that_an_earlier_release_saved(people: People, worker: Context) -> None:
    turn_lands(people, worker)
    people.behind_the_back(EARLIER)
    assert kept(people) == (False, "responder", None)
    assert (row(people).last_author, row(people).last_author_name) == ("agent", "Ben")


def test_nobody_wrote_yet(people: People) -> None:
    assert (row(people).last_author, row(people).last_author_name) == (None, None)


def hand_off(people: People, reason: str, *, kept: str | None) -> None:
    people.behind_the_back(HAND_OFF, reason=reason, kept=kept)
    people.behind_the_back("UPDATE conversation SET responder_state = 'active' WHERE id = :conversation")


def test_that_the_visitor_asked_for_people_is_kept_too(people: People) -> None:
    people.visitor_writes()
    with people.services.statement() as writing:
        person_asked.ask(writing.connection, people.visit, datetime.now(UTC), people_here=True)
    people.behind_the_back("DELETE FROM timeline_event WHERE conversation_id = :conversation")
    assert row(people).handed_off_why == "visitor_asked"


def test_an_earlier_release_hands_off_again(people: People) -> None:
    hand_off(people, "no_answer", kept="no_answer")
    hand_off(people, "visitor_asked", kept=None)
    people.behind_the_back("UPDATE conversation SET responder_state = 'handed_off' WHERE id = :conversation")
    assert row(people).handed_off_why == "visitor_asked"
