"""Conversations that are solved by themselves: after the project's days, once, never one that waits for an answer."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from inbox import solving
from inbox.rules import Due
from jobs import sweep
from jobs.context import Context
from tests.conftest import InBackground
from tests.integration.callers import House, error
from tests.integration.test_indexes import crowded, scanned
from tests.people import People

__all__ = ["crowded"]  # a fixture, used by its name


def rule(people: People, days: int) -> None:
    people.behind_the_back(
        "UPDATE project SET solve_after_days = :days WHERE id = :project", days=days, project=people.project_id
    )


def days_pass(people: People, days: float) -> None:
    people.behind_the_back(
        "UPDATE conversation SET created_at = created_at - CAST(:days AS float) * interval '1 day',"
        " last_message_timestamp = last_message_timestamp - CAST(:days AS float) * interval '1 day'"
        " WHERE id = :conversation",
        days=days,
    )


def answered(people: People) -> Mapping[str, Any]:
    """A question and an agent's answer."""
    people.behind_the_back(
        "UPDATE project SET responder_enabled = false WHERE id = :project", project=people.project_id
    )
    people.visitor_writes()
    people.act("reply", "It left today.")
    return people.conversation()


def test_after_the_projects_days(people: People, worker: Context) -> None:
    rule(people, 7)
    before = answered(people)
    days_pass(people, 6.9)
    assert sweep.sweep(worker) == 0
    days_pass(people, 0.2)
    assert sweep.sweep(worker) == 1
    after = people.conversation()
    assert (after["status"], after["version"], after["epoch"]) == ("solved", before["version"] + 1, before["epoch"])
    entry = people.timeline()[-1]
    assert (entry["kind"], entry["actor_type"], entry["version"]) == ("status", "system", after["version"])
    assert entry["data"] == {"from": "open", "to": "solved", "rule": "solve_after_days", "days": 7}
    assert sweep.sweep(worker) == 0, "once"


def test_a_visitor_who_comes_back_opens_it_again(people: People, worker: Context) -> None:
    rule(people, 1)
    answered(people)
    days_pass(people, 2)
    assert sweep.sweep(worker) == 1
    people.visitor_writes("One more thing.")
    assert people.conversation()["status"] == "open"
    assert sweep.sweep(worker) == 0


@pytest.mark.parametrize("waits", ["never", "last word", "handed off", "turn", "draft", "snoozed", "spam"])
def test_who_waits_is_left_alone(people: People, worker: Context, waits: str) -> None:
    rule(people, 0 if waits == "never" else 1)
    if waits in {"turn", "draft"}:
        turn = people.visitor_writes()
        people.behind_the_back("UPDATE message SET author = 'responder'")
        assert turn
        if waits == "draft":
            people.behind_the_back("UPDATE turn SET status = 'parked'")
            people.behind_the_back(
                "INSERT INTO draft (project_id, conversation_id, turn_id, content, reason)"
                " SELECT project_id, id, :turn, 'Hello', 'assigned' FROM conversation WHERE id = :conversation",
                turn=turn,
            )
    else:
        answered(people)
    if waits == "last word":
        people.visitor_writes("Thank you, but …")
    elif waits == "handed off":
        people.behind_the_back("UPDATE conversation SET responder_state = 'handed_off' WHERE id = :conversation")
    elif waits in {"snoozed", "spam"}:
        people.patch(status=waits)
    days_pass(people, 100)
    before = people.conversation()
    with people.services.reading() as connection:
        assert solving.forgotten(connection, 10) == []
        assert solving.solve(connection, Due(people.project_id, people.conversation_id)) is False
    assert people.conversation() == before


def test_a_visitor_who_writes_meanwhile_keeps_it_open(people: People) -> None:
    """What is due was listed a moment ago; the statement asks once more."""
    rule(people, 1)
    answered(people)
    days_pass(people, 2)
    with people.services.reading() as connection:
        (due,) = solving.forgotten(connection, 10)
        people.visitor_writes("Wait!")
        assert solving.solve(connection, due) is False
    assert people.conversation()["status"] == "open"


def test_two_sweepers_solve_once(people: People, in_background: InBackground) -> None:
    rule(people, 1)
    answered(people)
    days_pass(people, 2)
    barrier = threading.Barrier(4)

    def race() -> bool:
        with people.services.reading() as connection:
            barrier.wait()
            return solving.solve(connection, Due(people.project_id, people.conversation_id))

    assert sum(one.result() for one in [in_background(race) for _ in range(4)]) == 1


def test_it_gives_back_where_solving_does(people: People) -> None:
    rule(people, 1)
    answered(people)
    people.behind_the_back(
        "UPDATE project SET resume_rule = 'when_solved' WHERE id = :project", project=people.project_id
    )
    days_pass(people, 2)
    with people.services.reading() as connection:
        assert solving.solve(connection, Due(people.project_id, people.conversation_id))
    assert people.conversation()["responder_state"] == "active"
    assert [entry["kind"] for entry in people.timeline()[-2:]] == ["status", "given_back"]


def test_the_setting_of_days(house: House) -> None:
    assert house.ada.patch("/project", {"solve_after_days": 14}).get_json()["solve_after_days"] == 14
    assert error(house.ada.patch("/project", {"solve_after_days": -1})) == (422, "invalid")


def test_what_is_due_is_found_by_its_index(crowded: People) -> None:
    rule(crowded, 1)
    with crowded.services.reading() as connection:
        assert scanned(connection, solving.FORGOTTEN, batch=10) == set()
