"""The responder's own effects: committed with the reply, and each of them yields to what a person did meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from jobs.context import Context
from jobs.landing import Lander
from tests.concurrency.wishing import sentences, tools, wish
from tests.conftest import InBackground
from tests.model_server import ModelServer
from tests.people import People


def test_wishes_are_done_with_the_reply(people: People, worker: Context, model_server: ModelServer) -> None:
    wish(
        people, worker, model_server,
        ("set_status", {"status": "pending"}), ("set_priority", {"priority": "high"}), ("add_label", {"label": "vip"}),
        ("add_note", {"content": "Wants it by Friday."}), ("set_visitor_attribute", {"name": "plan", "value": "gold"}),
    )  # fmt: skip
    conversation = people.conversation()
    assert (conversation["status"], conversation["priority"], conversation["labels"]) == ("pending", "high", ["vip"])
    assert conversation["visitor"]["custom_attributes"] == {"plan": "gold"}
    said = [(m["content"], m["private"]) for m in people.messages() if m["author"] == "responder"]
    assert sorted(said) == [("There you are.", False), ("Wants it by Friday.", True)]
    assert [one["outcome"] for one in tools(people)] == ["done"] * 5


def test_what_rested_and_is_solved_comes_back_no_more(
    people: People, worker: Context, model_server: ModelServer
) -> None:
    wish(
        people, worker, model_server, ("set_status", {"status": "solved"}),
        before=lambda people: people.patch(status="snoozed", snoozed_until=datetime.now(UTC) + timedelta(hours=1)),
    )  # fmt: skip
    assert (people.conversation()["status"], people.conversation()["snoozed_until"]) == ("solved", None)


@pytest.mark.parametrize(
    ("called", "meanwhile", "stands", "words"),
    [
        (
            ("set_status", {"status": "solved"}), {"status": "pending"}, ("status", "pending"),
            "AI wanted to set solved; the pending set at ",
        ),
        (
            ("set_priority", {"priority": "low"}), {"priority": "urgent"}, ("priority", "urgent"),
            "AI wanted to set priority low; the urgent set at ",
        ),
    ],
)  # fmt: skip
def test_a_wish_yields_to_a_person(
    people: People, worker: Context, model_server: ModelServer, in_background: InBackground,
    called: tuple[str, dict[str, Any]], meanwhile: dict[str, Any], stands: tuple[str, str], words: str,
) -> None:  # fmt: skip
    """The person's value stands, the reply is posted, and the timeline says both in words."""
    wish(
        people, worker, model_server, called,
        in_background=in_background, meanwhile=lambda people: people.patch(**meanwhile),
    )  # fmt: skip
    assert people.conversation()[stands[0]] == stands[1]
    assert people.turns()[0]["status"] == "landed"
    (one,) = tools(people)
    assert (one["outcome"], one["kept"]["value"], one["kept"]["by"]) == ("kept", stands[1], "Ana")
    (told,) = sentences(people)
    assert told.startswith(words)
    assert told.endswith(" was kept")


@pytest.mark.parametrize("in_the_window", [False, True])
@pytest.mark.parametrize(
    ("value", "words"), [("gold", "the gold set meanwhile was kept"), (None, "it had been removed meanwhile")]
)
def test_a_fact_of_the_visitor_yields(
    people: People, worker: Context, model_server: ModelServer, in_background: InBackground,
    value: str | None, words: str, in_the_window: bool,
) -> None:  # fmt: skip
    """While the model thinks, and between the re-fetch and the statement; what nobody touched is remembered."""
    people.know_visitor(plan="free", size=3)
    left = [lambda: people.know_visitor(plan=value)]

    def pause(point: str) -> None:
        if point == "refetched" and in_the_window and left:
            left.pop()()

    wish(
        people, replace(worker, lander=Lander(worker.engine, worker.redis, pause)), model_server,
        ("set_visitor_attribute", {"name": "plan", "value": "trial"}),
        ("set_visitor_attribute", {"name": "size", "value": 4}),
        in_background=in_background, meanwhile=lambda people: None if in_the_window else left.pop()(),
    )  # fmt: skip
    known = people.conversation()["visitor"]
    assert known["custom_attributes"] == ({"plan": value} if value else {}) | {"size": 4}
    assert (known["version"], left) == (4, []), "each of the three is a version that an If-Match can tell"
    assert people.turns()[0]["status"] == "landed"
    told = "AI wanted to set visitor attribute plan, trial; " + words
    assert sentences(people) == ["AI: set visitor attribute size, 4", told]


def test_a_label_that_a_person_removed_stays_away(
    people: People, worker: Context, model_server: ModelServer, in_background: InBackground
) -> None:
    people.patch(labels=["vip"])
    wish(
        people, worker, model_server, ("add_label", {"label": "vip"}),
        in_background=in_background, meanwhile=lambda people: people.patch(labels=[]),
    )  # fmt: skip
    assert people.conversation()["labels"] == []
    (told,) = sentences(people)
    assert told.startswith("AI wanted to add label vip; Ana had removed that label at ")


def test_a_reply_that_is_parked_does_nothing(
    people: People, worker: Context, model_server: ModelServer, in_background: InBackground
) -> None:
    wish(
        people, worker, model_server, ("set_status", {"status": "solved"}), ("add_note", {"content": "Done."}),
        in_background=in_background, meanwhile=lambda people: people.act("reply", "I have it."),
    )  # fmt: skip
    assert people.turns()[0]["status"] == "parked"
    assert people.conversation()["status"] == "open"
    assert not any(message["private"] for message in people.messages())
    assert [one["outcome"] for one in tools(people)] == ["left", "left"]
    assert "AI wanted to set solved; it was not done" in sentences(people)


def test_asked_to_hand_off(people: People, worker: Context, model_server: ModelServer) -> None:
    wish(people, worker, model_server, ("hand_off", {"reason": "They want a person."}))
    found = people.conversation()
    assert (found["responder_state"], found["handed_off_reason"]) == ("handed_off", "asked")
    assert people.messages()[-1]["content"] == "There you are."
    with people.services.reading() as connection:
        statement = text("SELECT data FROM timeline_event WHERE kind = 'handed_off'")
        assert connection.execute(statement).scalar_one()["detail"] == "They want a person."
