"""A message is removed while a turn is at it: the words are gone, and what the turn says lands as it would have."""

from __future__ import annotations

from dataclasses import replace

from inbox import removing
from jobs import turn as turns
from jobs.context import Context
from jobs.landing import Lander
from tests.concurrency.conftest import Thinking
from tests.model_server import ModelServer
from tests.people import People, statuses


def remove_question(people: People) -> None:
    """A manager removes the visitor's words."""
    question = people.messages()[0]["id"]
    with people.services.transaction() as writing:
        removing.remove(writing.connection, people.ana, people.conversation_id, question)


def check(people: People) -> None:
    """It is removed, answered once, and the newest words are the reply's."""
    assert statuses(people) == ["landed"]
    question, reply = people.messages()
    assert (question["content"], reply["author"]) == ("", "responder")
    assert people.turns()[0]["answers"] == [question["id"]]
    assert people.conversation()["last_message_snippet"] == reply["content"]


def test_while_the_model_thinks(people: People, thinking: Thinking) -> None:
    with thinking(people.visitor_writes()):
        remove_question(people)
    check(people)


def test_between_the_re_fetch_and_the_statement(people: People, worker: Context) -> None:
    """The landing is tried again, for somebody wrote."""
    turn_id = people.visitor_writes()
    assert turn_id is not None
    passes: list[str] = []

    def pause(point: str) -> None:
        passes.append(point)
        if passes.count("refetched") == 1 and point == "refetched":
            remove_question(people)

    turns.run(replace(worker, lander=Lander(worker.engine, worker.redis, pause)), turn_id)
    assert passes.count("refetched") == 2
    check(people)


def test_a_turn_that_begins_later_is_not_told_the_words(
    people: People, worker: Context, model_server: ModelServer
) -> None:
    turn_id = people.visitor_writes("My card is 4111 1111")
    remove_question(people)
    assert turn_id is not None
    turns.run(worker, turn_id)
    check(people)
    told = "".join(asked.text for asked in model_server.asked)
    assert "4111" not in told
    assert "[removed]" in told
