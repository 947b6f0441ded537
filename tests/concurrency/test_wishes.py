"""The responder's own effects: committed with the reply, and each of them yields to what a person did meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from inbox import team
from inbox.timeline import sentence
from jobs import turn as turns
from jobs.context import Context
from jobs.landing import Lander
from tests.conftest import InBackground
from tests.locks import until_waiting
from tests.model_server import Asked, ModelServer, call, calls, says
from tests.people import People

TOOLS = ("add_note", "set_status", "set_priority", "add_label", "assign_to", "hand_off", "set_visitor_attribute")
WORKFLOW: dict[str, Any] = {
    "nodes": [{"id": "start", "type": "start"}, {"id": "answer", "type": "llm"}],
    "edges": [{"source": "start", "target": "answer"}],
    "globalTools": list(TOOLS),
}


def wish(
    people: People,
    worker: Context,
    server: ModelServer,
    *calls: tuple[str, dict[str, Any]],
    before: Callable[[People], object] = lambda people: None,
    in_background: InBackground | None = None,
    meanwhile: Callable[[People], object] = lambda people: None,
) -> None:
    """A turn in which the model calls these tools, then says its words.

    `before` happens until it is claimed, `meanwhile` while the model is held.
    """
    people.use_workflow(WORKFLOW)
    deltas = [call(name, arguments)["tool_calls"][0] | {"index": n} for n, (name, arguments) in enumerate(calls)]

    def asks(asked: Asked) -> None:
        asked.stream({"tool_calls": deltas})

    server.script(asks, says("There you are."))
    turn_id = people.visitor_writes()
    assert turn_id is not None
    before(people)
    if in_background is None:
        turns.run(worker, turn_id)
        return
    server.hold()
    running = in_background(turns.run, worker, turn_id)
    server.wait_until_asked()
    meanwhile(people)
    server.release()
    running.result()


def tools(people: People) -> list[dict[str, Any]]:
    return [entry["data"] for entry in people.timeline() if entry["kind"] == "tool"]


def sentences(people: People) -> list[str]:
    return [sentence(entry) for entry in people.timeline() if entry["kind"] == "tool"]


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


def test_an_assignment_by_address(people: People, worker: Context, model_server: ModelServer) -> None:
    wish(people, worker, model_server, ("assign_to", {"email": people.ben.email.upper()}))
    conversation = people.conversation()
    assert conversation["assignee_id"] == people.ben.id
    assert conversation["assigned_at"] is not None
    assert sentences(people) == ["AI: assign to Ben"]


def test_an_assignment_yields(
    people: People, worker: Context, model_server: ModelServer, in_background: InBackground
) -> None:
    wish(
        people, worker, model_server, ("assign_to", {"email": people.ben.email}),
        in_background=in_background, meanwhile=lambda people: people.act("claim"),
    )  # fmt: skip
    assert people.conversation()["assignee_id"] == people.ana.id
    (told,) = sentences(people)
    assert told.startswith("AI wanted to assign to Ben; the assignment to Ana at ")


@pytest.mark.parametrize("leaves", [True, False])
def test_an_assignment_to_who_is_being_removed(
    people: People, worker: Context, model_server: ModelServer, in_background: InBackground, leaves: bool
) -> None:
    """The landing waits for the removal that is under way; the reply is posted in either case, by the one turn."""
    people.use_workflow(WORKFLOW)
    model_server.script(calls("assign_to", {"email": people.ben.email}), says("There you are."))
    turn_id = people.visitor_writes()
    with people.services.database.connect() as removal:
        team.remove(removal, people.ana, people.ben.id)
        running = in_background(turns.run, worker, turn_id)
        until_waiting(people.services, 1)
        removal.commit() if leaves else removal.rollback()
    running.result()
    (turn,) = people.turns()
    assert (turn["status"], turn["attempt"], len(model_server.asked)) == ("landed", 1, 2)
    assert people.conversation()["assignee_id"] == (None if leaves else people.ben.id)
    wanted = "AI wanted to assign to Ben; they had left the team by then" if leaves else "AI: assign to Ben"
    assert sentences(people) == [wanted]


def test_nobody_of_another_project_is_assigned(people: People, worker: Context, model_server: ModelServer) -> None:
    """The model is told that there is nobody; the address may well exist elsewhere."""
    stranger = People.arrive(people.services).ben
    people.behind_the_back("UPDATE agent SET name = 'Stranger' WHERE id = :id", id=stranger.id)
    for named in (stranger.email, "Stranger", "nobody@example.com"):
        asked = len(model_server.asked)
        wish(people, worker, model_server, ("assign_to", {"email": named}))
        told = model_server.asked[asked + 1].body["messages"][-1]["content"]
        assert told == f"Nobody of this team has the e-mail address {named!r}. Assign it to nobody else."
        assert people.conversation()["assignee_id"] is None
    assert tools(people) == []


def test_a_name_that_two_have_is_nobodys(people: People, worker: Context, model_server: ModelServer) -> None:
    wish(people, worker, model_server, ("assign_to", {"email": "ana"}))
    assert people.conversation()["assignee_id"] == people.ana.id, "one of that name is meant"
    people.patch(assignee_id=None)
    people.behind_the_back("UPDATE agent SET name = 'Ana'")
    wish(people, worker, model_server, ("assign_to", {"email": "Ana"}))
    assert people.conversation()["assignee_id"] is None


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
    assert people.conversation()["responder_state"] == "handed_off"
    assert people.messages()[-1]["content"] == "There you are."
    with people.services.reading() as connection:
        statement = text("SELECT data FROM timeline_event WHERE kind = 'handed_off'")
        assert connection.execute(statement).scalar_one()["detail"] == "They want a person."
