"""The wish to assign a conversation: to whom it may, and what a person did meanwhile stands."""

from __future__ import annotations

import pytest

from inbox import team
from jobs import turn as turns
from jobs.context import Context
from tests.concurrency.wishing import WORKFLOW, sentences, tools, wish
from tests.conftest import InBackground
from tests.locks import until_waiting
from tests.model_server import ModelServer, calls, says
from tests.people import People


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
