"""Managers who change the team at the same time: a project keeps a manager, whoever is faster."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, text

from inbox import acts, assigning, bulk, invitations, team
from inbox.access import Agent
from inbox.errors import Forbidden, InboxError, Invalid, LastManager, NotFound
from tests.conftest import InBackground
from tests.people import People

Act = Callable[[Connection, Agent, int], None]


def demote(connection: Connection, who: Agent, agent_id: int) -> None:
    team.set_role(connection, who, agent_id, "agent")


def managers(people: People) -> set[int]:
    with people.services.reading() as connection:
        return {row["id"] for row in team.members(connection, people.project_id) if row["role"] == "manager"}


def two(people: People) -> tuple[Agent, Agent]:
    """Ana and Ben, both managers."""
    with people.services.statement() as writing:
        team.set_role(writing.connection, people.ana, people.ben.id, "manager")
    return people.ana, Agent(people.ben.id, "Ben", people.ben.email, people.project_id, "manager")


@pytest.mark.parametrize("act", [team.remove, demote])
def test_two_managers_remove_each_other(people: People, in_background: InBackground, act: Act) -> None:
    """The first holds the door open in a transaction; the second waits there, and then is no manager any more."""
    ana, ben = two(people)
    with people.services.database.begin() as first:
        act(first, ana, ben.id)
        waiting = in_background(lambda: refusal(people, act, ben, ana.id))
        wait_for_a_lock(people)
    assert isinstance(waiting.result(), Forbidden)
    assert managers(people) == {ana.id}


@pytest.mark.parametrize("act", [team.remove, demote])
def test_two_managers_leave_at_once(people: People, in_background: InBackground, act: Act) -> None:
    ana, ben = two(people)
    with people.services.database.begin() as first:
        act(first, ana, ana.id)
        waiting = in_background(lambda: refusal(people, act, ben, ben.id))
        wait_for_a_lock(people)
    assert isinstance(waiting.result(), LastManager)
    assert managers(people) == {ben.id}


def patch(connection: Connection, people: People) -> None:
    acts.patch(connection, people.ana, people.conversation_id, {"assignee_id": people.ben.id})


def in_bulk(connection: Connection, people: People) -> None:
    bulk.apply(connection, people.ana, [people.conversation_id], {"assignee_id": people.ben.id})


def take(connection: Connection, people: People) -> None:
    acts.claim(connection, people.ben, people.conversation_id)


def by_rule(connection: Connection, people: People) -> None:
    for statement in (
        "UPDATE project SET assign_rule = 'fewest' WHERE id = :project",
        "UPDATE conversation SET responder_state = 'handed_off' WHERE project_id = :project",
    ):
        people.behind_the_back(statement, project=people.project_id)
    assigning.give(connection, people.project_id, people.conversation_id, {people.ben.id})


@pytest.mark.parametrize("assign", [patch, in_bulk, take, by_rule])
def test_nobody_is_assigned_who_leaves(
    people: People, in_background: InBackground, assign: Callable[[Connection, People], None]
) -> None:
    """The assignment is not committed yet when a manager removes them: the removal waits, and takes it back."""
    with people.services.database.begin() as first:
        assign(first, people)
        leaving = in_background(lambda: refusal(people, team.remove, people.ana, people.ben.id))
        wait_for_a_lock(people)
    assert leaving.result() is None
    row = people.conversation()
    assert row["assignee_id"] is None
    last = people.timeline()[-1]
    assert (last["kind"], last["version"], last["data"]["rule"]) == ("unassigned", row["version"], "member_removed")


@pytest.mark.parametrize("assign", [patch, in_bulk, take])
def test_who_has_left_is_assigned_nothing(
    people: People, in_background: InBackground, assign: Callable[[Connection, People], None]
) -> None:
    """They are being removed while somebody assigns to them: the assignment waits, and is refused."""

    def refused() -> str:
        with pytest.raises(Invalid) as told, people.services.statement() as writing:
            assign(writing.connection, people)
        return str(told.value.extra["fields"])

    with people.services.database.begin() as first:
        team.remove(first, people.ana, people.ben.id)
        assigned = in_background(refused)
        wait_for_a_lock(people)
    assert "is not a member" in str(assigned.result())
    assert people.conversation()["assignee_id"] is None


def test_a_manager_is_assigned_while_another_is_removed(people: People, in_background: InBackground) -> None:
    """The door to the team holds the managers; who gives one of them what is Ben's would wait for Ben's removal, and
    the removal for that conversation."""
    people.patch(assignee_id=people.ben.id)
    with people.services.database.begin() as removal:
        removal.execute(team.HOLD, {"project": people.project_id, "agent": people.ben.id})
        in_background(lambda: people.patch(assignee_id=people.ana.id)).result()
        team.remove(removal, people.ana, people.ben.id)
    assert people.conversation()["assignee_id"] == people.ana.id


def test_undo_gives_nothing_to_who_has_left(people: People) -> None:
    """What was Ben's was given to Ana in bulk; Ben leaves, and Ana takes it back: it stays hers."""
    with people.services.statement() as writing:
        in_bulk(writing.connection, people)
        done = bulk.apply(writing.connection, people.ana, [people.conversation_id], {"assignee_id": people.ana.id})
    assert refusal(people, team.remove, people.ana, people.ben.id) is None
    assert done.id is not None
    with people.services.statement() as writing:
        assert bulk.undo(writing.connection, people.ana, done.id).changed == ()
    assert people.conversation()["assignee_id"] == people.ana.id


def test_an_invitation_is_used_once(people: People, in_background: InBackground) -> None:
    with people.services.statement() as writing:
        invitations.invite(writing.connection, people.ana, people.ben.email, "agent", token="the link")
        invitations.invite(writing.connection, people.ana, "new@example.com", "agent", token="another link")
    barrier = threading.Barrier(4)

    def go(number: int) -> str:
        barrier.wait()
        try:
            with people.services.transaction() as writing:
                name, password = f"Lan {number}", "a long password"
                invitations.accept(writing.connection, "another link", name=name, password=password)
        except InboxError as error:
            return error.code
        return "joined"

    told = [one.result() for one in [in_background(go, number) for number in range(4)]]
    assert sorted(told) == ["joined", *["not_found"] * 3]


def refusal(people: People, act: Act, who: Agent, whom: int) -> InboxError | None:
    try:
        with people.services.transaction() as writing:
            act(writing.connection, who, whom)
    except (Forbidden, LastManager, NotFound) as error:
        return error
    return None


def wait_for_a_lock(people: People) -> None:
    """Until somebody waits for a row that another transaction holds."""
    waits = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with people.services.reading() as connection:
        assert any(connection.execute(waits).scalar_one() for _ in range(3000)), "nobody waits"
