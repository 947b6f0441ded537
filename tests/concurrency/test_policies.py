"""Each setting of the responder governs: whether a turn starts, what it is told, and what becomes of its reply."""

from __future__ import annotations

import pytest

from inbox import drafts, projects, receiving
from inbox.receiving import Coming, Said
from inbox.visiting import Visit
from jobs import turn as turns
from jobs.context import Context
from tests.concurrency.conftest import Thinking
from tests.model_server import ModelServer
from tests.people import WORKFLOW, People
from tests.people import writes as stored


def settle(people: People, **changes: object) -> None:
    """A manager changes settings."""
    with people.services.statement() as writing:
        projects.change(writing.connection, people.ana, changes)


def writes(people: People, content: str = "Where is my order?", *, agent_online: bool = False) -> int | None:
    with people.services.statement() as writing:
        return stored(writing.connection, people.token, content, agent_online=agent_online).turn_id


@pytest.mark.parametrize(
    ("answers_when", "assigned", "online", "starts"),
    [
        ("always", True, True, True), ("always", False, False, True),
        ("unassigned", False, True, True), ("unassigned", True, False, False),
        ("no_agent_online", True, False, True), ("no_agent_online", False, True, False),
    ],
)  # fmt: skip
def test_when_it_answers(people: People, answers_when: str, assigned: bool, online: bool, starts: bool) -> None:
    settle(people, answers_when=answers_when)
    if assigned:
        people.patch(assignee_id=people.ben.id)
    assert (writes(people, agent_online=online) is not None) is starts
    assert len(people.messages()) == 1, "the message is stored in every case"
    assert people.conversation()["left_to_people"] is not starts


def test_switched_off_it_starts_nothing_and_lands_nothing(people: People, thinking: Thinking) -> None:
    turn_id = writes(people)
    assert turn_id is not None
    with thinking(turn_id):
        settle(people, responder_enabled=False)
    assert [(turn["status"], turn["reason"]) for turn in people.turns()] == [("cancelled", "responder_off")]
    assert [message["author"] for message in people.messages()] == ["visitor"]
    assert writes(people, "Hello?") is None


def test_what_was_discarded_is_answered_anew(people: People, worker: Context, thinking: Thinking) -> None:
    """Somebody took over and did not like the AI's words; what they give back is no turn without a question."""
    turn_id = writes(people)
    with thinking(turn_id):
        people.act("take_over")
    with people.services.statement() as writing:
        drafts.discard(writing.connection, people.ana, people.conversation_id, people.drafts()[0]["id"])
    asked = people.act("give_back").turn_id
    assert asked is not None
    turns.run(worker, asked)
    parked, landed = people.turns()
    assert (parked["status"], landed["status"]) == ("parked", "landed")
    assert landed["answers"] == parked["answers"] == [people.messages()[0]["id"]]
    assert not people.conversation()["left_to_people"]


@pytest.mark.parametrize(("on_assignment", "becomes"), [("post", "landed"), ("park", "parked")])
def test_what_an_assignment_does_to_a_reply_in_flight(
    people: People, on_assignment: str, becomes: str, thinking: Thinking
) -> None:
    settle(people, on_assignment=on_assignment)
    turn_id = writes(people)
    with thinking(turn_id) as running:
        people.act("claim", who=people.ben)
        assert writes(people, "And one more thing.") is None
    parked, following = people.turns()
    assert (parked["status"], following["status"]) == (becomes, "queued"), "what came meanwhile is answered as well"
    assert running.result().next_turn == following["id"]
    assert len(people.drafts()) == (1 if becomes == "parked" else 0)
    assert people.conversation()["assignee_id"] == people.ben.id


def test_an_agent_who_came_while_it_thought_gets_the_next_message(
    people: People, worker: Context, thinking: Thinking
) -> None:
    """Asked anew for every message: the turn under way answers its own question, and starts none for a later one."""
    settle(people, answers_when="no_agent_online")
    turn_id = writes(people)
    with thinking(turn_id) as running:
        assert writes(people, "And one more thing.", agent_online=True) is None
    assert running.result().next_turn is None
    assert [turn["status"] for turn in people.turns()] == ["landed"]
    later = writes(people, "Still there?", agent_online=False)
    assert later is not None
    turns.run(worker, later)
    questions = [message["id"] for message in people.messages() if message["author"] == "visitor"]
    assert people.turns()[-1]["answers"] == questions[1:], "what people left is answered with it"


def test_a_message_goes_by_the_setting_as_it_is_when_it_is_stored(people: People) -> None:
    """Not as it was when it was asked who is there."""
    settle(people, answers_when="no_agent_online")

    def here(_visit: Visit) -> bool:
        settle(people, answers_when="always")
        return True

    with people.services.statement() as writing:
        sent = receiving.receive(writing.connection, Coming(people.token, Said("Where is my order?")), here)
    assert sent.turn_id is not None
    assert [message["details"] for message in people.messages()] == [{}], "it is not left to people"


def test_a_stopped_turn_starts_none_for_a_message_left_to_people(people: People, thinking: Thinking) -> None:
    settle(people, answers_when="no_agent_online")
    turn_id = writes(people)
    with thinking(turn_id):
        writes(people, "And one more thing.", agent_online=True)
        assert people.act("stop", turn_id)["started_turn"] is None
    assert len(people.turns()) == 1


def test_instructions_and_language_reach_the_model(people: People, worker: Context, model_server: ModelServer) -> None:
    settle(people, instructions="Sign every reply with Northfold.", language="Vietnamese")
    turns.run(worker, writes(people) or 0)
    asked = model_server.asked[-1].text
    assert "Sign every reply with Northfold." in asked
    assert "Vietnamese" in asked


def test_the_mode_chooses_the_workflow(people: People, worker: Context, model_server: ModelServer) -> None:
    people.use_workflow(WORKFLOW)
    settle(people, mode="simple")
    turns.run(worker, writes(people) or 0)
    assert people.conversation()["metadata"] == {}
    settle(people, mode="orchestrator")
    turns.run(worker, writes(people, "And now?") or 0)
    assert "workflowState" in people.conversation()["metadata"]
