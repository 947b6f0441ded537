"""Managers who change the team at the same time: a project keeps a manager, whoever is faster."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, text

from inbox import invitations, team
from inbox.access import Agent
from inbox.errors import Forbidden, InboxError, LastManager, NotFound
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
        with people.services.statement() as writing:
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
