"""Acts that look at the responder's turns, met by a message or by a colleague, each interleaving forced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from operator import itemgetter
from typing import Any

import pytest
from sqlalchemy import text

from inbox import acts, acts_sql, person_asked
from jobs import claim
from tests.concurrency.one_chain import chain
from tests.conftest import InBackground, ListQueue
from tests.locks import until_waiting
from tests.people import People, statuses, writes


@contextmanager
def visitor_is_writing(people: People) -> Iterator[None]:
    """The visitor's message has been written and is committed when the block ends."""
    with people.services.transaction() as writing:
        received = writes(writing.connection, people.token, "And this?")
        writing.start_turn(received.turn_id)
        yield


def test_give_back_meets_a_message(people: People, in_background: InBackground, turn_queue: ListQueue) -> None:
    """The agent gives back while a message is being written: it started no turn, so giving back must."""
    people.act("take_over")
    with visitor_is_writing(people):
        giving = in_background(people.act, "give_back")
        until_waiting(people.services, 1)
    assert giving.result().row["responder_state"] == "active"
    assert statuses(people) == ["queued"]
    assert turn_queue.turns == [people.turns()[0]["id"]]


def test_a_message_meets_an_answer_that_solves(people: People, in_background: InBackground) -> None:
    """The visitor's message waits for both, comes behind the answer and opens the conversation again."""
    with people.services.transaction() as writing:
        acts.patch(writing.connection, people.ana, people.conversation_id, {"priority": "high"})
        sending = in_background(people.visitor_writes)
        until_waiting(people.services, 1)
        acts.reply(writing.connection, people.ana, people.conversation_id, "It left today.")
        acts.patch(writing.connection, people.ana, people.conversation_id, {"status": "solved"})
    sending.result()
    assert [one["author"] for one in sorted(people.messages(), key=itemgetter("id"))] == ["agent", "visitor"]
    assert (people.conversation()["status"], people.timeline()[-1]["kind"]) == ("open", "reopened")
    chain(people)


def test_stop_meets_a_message(people: People, in_background: InBackground) -> None:
    """The agent stops while a message is being written that the turn has not read."""
    turn_id = people.visitor_writes()
    assert turn_id is not None
    with people.services.statement() as writing:
        assert claim.claim(writing.connection, turn_id, lease_seconds=30, max_attempts=3) is not None
    with visitor_is_writing(people):
        stopping = in_background(people.act, "stop", turn_id)
        until_waiting(people.services, 1)
    assert stopping.result()["status"] == "cancelled"
    assert statuses(people) == ["cancelled", "queued"]


def stopped(people: People) -> None:
    """The turn that thought was stopped, and nobody answers."""
    turn_id = people.visitor_writes()
    assert turn_id is not None
    with people.services.statement() as writing:
        assert claim.claim(writing.connection, turn_id, lease_seconds=30, max_attempts=3) is not None
    people.act("stop", turn_id)
    assert people.conversation()["left_to_people"]


def test_what_was_stopped_is_given_back_once(people: People, turn_queue: ListQueue) -> None:
    stopped(people)
    given = people.act("give_back")
    assert statuses(people) == ["cancelled", "queued"]
    assert given.turn_id == people.turns()[-1]["id"] == turn_queue.turns[-1]
    assert not given.row["left_to_people"]
    assert people.timeline()[-1]["kind"] == "given_back"
    assert people.act("give_back").row["version"] == given.row["version"], "a turn is at it"


def test_two_give_back_what_was_stopped(people: People, in_background: InBackground) -> None:
    """At the same moment, and the second waits for the first."""
    stopped(people)
    with people.services.transaction() as writing:
        acts.give_back(writing.connection, people.ana, people.conversation_id)
        other = in_background(partial(people.act, "give_back", who=people.ben))
        until_waiting(people.services, 1)
    assert other.result().turn_id is None
    assert statuses(people) == ["cancelled", "queued"]
    chain(people)


def test_what_was_stopped_is_given_back_while_the_visitor_writes(people: People, in_background: InBackground) -> None:
    stopped(people)
    with visitor_is_writing(people):
        giving = in_background(people.act, "give_back")
        until_waiting(people.services, 1)
    assert giving.result().turn_id is None, "the message started one, which answers both"
    assert statuses(people) == ["cancelled", "queued"]
    chain(people)


def test_what_was_stopped_is_given_back_while_an_agent_replies(people: People, in_background: InBackground) -> None:
    """They were answered: the responder has the conversation again, and nothing to say."""
    stopped(people)
    with people.services.transaction() as writing:
        acts.reply(writing.connection, people.ben, people.conversation_id, "I have this.")
        giving = in_background(people.act, "give_back")
        until_waiting(people.services, 1)
    given = giving.result()
    assert (given.row["responder_state"], given.row["left_to_people"], given.turn_id) == ("active", False, None)
    assert statuses(people) == ["cancelled"]
    chain(people)


@pytest.mark.parametrize("act", [("reply", "I have this."), ("take_over",)])
def test_a_person_takes_it_while_a_message_is_written(
    people: People, in_background: InBackground, act: tuple[str, ...]
) -> None:
    """The turn that the message started is cancelled, although it is younger than the agent's click."""
    with visitor_is_writing(people):
        taking = in_background(people.act, *act)
        until_waiting(people.services, 1)
    taking.result()
    assert statuses(people) == ["cancelled"]
    assert people.conversation()["responder_state"] == "paused"
    said = [message["content"] for message in people.messages() if message["author"] == "agent"]
    assert said == list(act[1:]), "once"
    chain(people)


def test_a_visitor_asks_for_a_person_while_a_message_of_theirs_is_written(
    people: People, in_background: InBackground
) -> None:
    def ask() -> None:
        with people.services.statement() as writing:
            person_asked.ask(writing.connection, people.visit, datetime.now(UTC), people_here=True)

    with visitor_is_writing(people):
        asking = in_background(ask)
        until_waiting(people.services, 1)
    asking.result()
    assert statuses(people) == ["cancelled"]
    assert people.conversation()["responder_state"] == "handed_off"
    chain(people)


def without_freshness(name: str) -> Any:
    """The statement as it would be if it trusted what it saw before it waited."""
    statement = getattr(acts_sql, name).text
    careless = statement.replace("AND fresh.fresh", "").replace("fresh.fresh FROM", "true AS fresh FROM")
    assert careless != statement
    return text(careless)


def test_without_the_guard_the_message_would_wait_for_ever(
    people: People, in_background: InBackground, turn_queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts_sql, "GIVE_BACK", without_freshness("GIVE_BACK"))
    with pytest.raises(AssertionError):
        test_give_back_meets_a_message(people, in_background, turn_queue)


def test_without_the_guard_the_turn_would_go_on(
    people: People, in_background: InBackground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts_sql, "TAKE_OVER", without_freshness("TAKE_OVER"))
    with pytest.raises(AssertionError):
        test_a_person_takes_it_while_a_message_is_written(people, in_background, ("take_over",))
