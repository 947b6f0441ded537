"""What happens by itself: the project's rule gives conversations back, and a snooze ends. Time is moved by SQL."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, text

from inbox import drafts, rules
from inbox.rules import Due
from jobs import sweep
from jobs.context import Context
from tests.conftest import InBackground
from tests.integration.callers import House
from tests.integration.test_indexes import crowded, scanned
from tests.people import People

__all__ = ["crowded"]  # a fixture, used by its name

Row = Mapping[str, Any]


def rule(people: People, name: str, hours: int = 24) -> None:
    people.behind_the_back(
        "UPDATE project SET resume_rule = :name, resume_after_hours = :hours WHERE id = :project",
        name=name, hours=hours, project=people.project_id,
    )  # fmt: skip


def hours_pass(people: People, hours: float) -> None:
    people.behind_the_back(
        "UPDATE conversation SET person_at = person_at - make_interval(mins => CAST(:hours * 60 AS integer)),"
        " snoozed_until = snoozed_until - make_interval(mins => CAST(:hours * 60 AS integer)) WHERE id = :conversation",
        hours=hours,
    )


def due(people: People) -> Due:
    return Due(people.project_id, people.conversation_id)


def given_back(people: People) -> list[Row]:
    return [dict(entry) for entry in people.timeline() if entry["kind"] == "given_back"]


def test_hours_without_an_agents_word(people: People, worker: Context) -> None:
    """It goes back after the project's hours and not before; the visitor who waits gets a turn, once."""
    rule(people, "after_hours", 24)
    people.act("take_over")
    assert people.visitor_writes("Is anybody there?") is None
    hours_pass(people, 23.9)
    assert sweep.sweep(worker) == 0
    assert people.conversation()["responder_state"] == "paused"
    before = people.conversation()
    hours_pass(people, 0.2)
    assert sweep.sweep(worker) == 1
    after = people.conversation()
    assert after["responder_state"] == "active"
    assert (after["version"], after["epoch"]) == (before["version"] + 1, before["epoch"] + 1)
    assert [turn["status"] for turn in people.turns()] == ["queued"]
    (entry,) = given_back(people)
    assert (entry["actor_type"], entry["data"]) == ("system", {"rule": "after_hours", "hours": 24})
    assert entry["version"] == after["version"]
    assert worker.queue.without_job([(people.turns()[0]["id"], 0)]) == [], "the turn is in the queue"
    assert sweep.sweep(worker) == 0, "once"


def test_an_agents_word_starts_the_hours_anew(people: People, worker: Context) -> None:
    rule(people, "after_hours", 2)
    people.act("take_over")
    hours_pass(people, 3)
    people.act("reply", "I am still looking into it.")
    assert sweep.sweep(worker) == 0
    hours_pass(people, 1.9)
    people.act("note", "A note is no word to the visitor.")
    hours_pass(people, 0.2)
    assert sweep.sweep(worker) == 1
    assert people.conversation()["responder_state"] == "active"
    assert people.turns() == [], "the last word was the agent's, so nobody waits"


def test_a_parked_reply_that_an_agent_sends_is_a_word(people: People, worker: Context) -> None:
    rule(people, "after_hours", 2)
    turn_id = people.visitor_writes()
    people.act("take_over")
    hours_pass(people, 3)
    people.behind_the_back(
        "INSERT INTO draft (project_id, conversation_id, turn_id, content, reason)"
        " SELECT project_id, id, :turn, 'Hello', 'taken_over' FROM conversation WHERE id = :conversation",
        turn=turn_id,
    )
    draft_id = people.drafts()[0]["id"]
    with people.services.statement() as writing:
        drafts.send(writing.connection, people.ana, people.conversation_id, draft_id, None)
    assert sweep.sweep(worker) == 0


@pytest.mark.parametrize("spoiled", ["never", "when_solved", "spam", "handed_off", "no clock"])
def test_who_is_left_alone(people: People, worker: Context, spoiled: str) -> None:
    rule(people, spoiled if spoiled in {"never", "when_solved"} else "after_hours", 1)
    people.act("take_over")
    if spoiled == "spam":
        people.patch(status="spam")
    if spoiled == "handed_off":  # it waits for a person, and no clock may hide that
        people.behind_the_back("UPDATE conversation SET responder_state = 'handed_off' WHERE id = :conversation")
    hours_pass(people, 100)
    if spoiled == "no clock":
        people.behind_the_back("UPDATE conversation SET person_at = NULL WHERE id = :conversation")
    before = people.conversation()
    assert sweep.sweep(worker) == 0
    assert people.conversation() == before


@pytest.mark.parametrize(
    ("spoiled", "starts"), [("", True), ("responder_enabled = false", False), ("answers_when = 'unassigned'", False)]
)
def test_a_turn_starts_only_where_giving_back_starts_one(
    people: People, worker: Context, spoiled: str, starts: bool
) -> None:
    """By the rule and by hand alike."""
    rule(people, "after_hours", 1)
    people.patch(assignee_id=people.ben.id)
    people.act("take_over")
    people.visitor_writes("Hello?")
    if spoiled:
        people.behind_the_back(f"UPDATE project SET {spoiled} WHERE id = :project", project=people.project_id)
    hours_pass(people, 2)
    assert sweep.sweep(worker) == 1
    assert bool(people.turns()) is starts
    people.behind_the_back("DELETE FROM turn WHERE conversation_id = :conversation")
    people.act("take_over")
    people.act("give_back")
    assert bool(people.turns()) is starts


def test_two_sweepers_give_back_once(people: People, in_background: InBackground) -> None:
    rule(people, "after_hours", 1)
    people.act("take_over")
    people.visitor_writes("Hello?")
    hours_pass(people, 2)
    barrier = threading.Barrier(8)

    def race() -> bool:
        with people.services.reading() as connection:
            barrier.wait()
            return rules.give_back(connection, due(people))[0]

    assert sum(runner.result() for runner in [in_background(race) for _ in range(8)]) == 1
    assert len(given_back(people)) == len(people.turns()) == 1


def test_an_agent_who_wrote_meanwhile_keeps_it(people: People) -> None:
    """The list of what is due is old by the time the statement runs."""
    rule(people, "after_hours", 1)
    people.act("take_over")
    hours_pass(people, 2)
    with people.services.reading() as connection:
        assert rules.quiet(connection, 10) == [due(people)]
        people.act("reply", "Here I am.")
        before = people.conversation()
        assert rules.give_back(connection, due(people)) == (False, None)
    assert people.conversation() == before


def test_solving_gives_back_in_the_same_write(people: People) -> None:
    rule(people, "when_solved")
    people.visitor_writes()
    people.act("reply", "Done.")
    people.visitor_writes("Thank you!")
    before = people.conversation()
    after = people.patch(status="solved").row
    assert (after["status"], after["responder_state"]) == ("solved", "active")
    assert (after["version"], after["epoch"]) == (before["version"] + 1, before["epoch"] + 1)
    (entry,) = given_back(people)
    assert (entry["version"], entry["data"]) == (after["version"], {"rule": "when_solved"})
    assert [turn["status"] for turn in people.turns()] == ["cancelled"], "nobody waits in what was solved"
    assert people.visitor_writes("One more thing.") is not None, "the responder answers from here on"


def test_solving_again_or_otherwise_gives_nothing_back(people: People) -> None:
    people.act("take_over")
    assert people.patch(status="solved").row["responder_state"] == "paused", "never is the rule of a new project"
    rule(people, "when_solved")
    assert people.patch(status="solved").row["responder_state"] == "paused", "it was solved before"
    assert people.patch(status="pending").row["responder_state"] == "paused"
    assert people.patch(priority="high").row["responder_state"] == "paused"
    assert given_back(people) == []
    assert people.patch(status="solved", priority="low").row["responder_state"] == "active"


def test_a_snooze_ends(house: House, worker: Context) -> None:
    visitor = house.visit("Later, please.")
    path = f"/conversations/{visitor.conversation_id}"
    house.ada.patch(path, {"status": "snoozed", "snoozed_until": "2999-01-01T00:00:00Z"})
    assert sweep.sweep(worker) == 0
    before = house.ada.get(path).get_json()
    with worker.engine.begin() as connection:
        earlier = "UPDATE conversation SET snoozed_until = clock_timestamp() - interval '1 second' WHERE id = :id"
        connection.execute(text(earlier), {"id": visitor.conversation_id})
    assert sweep.sweep(worker) == 1
    after = house.ada.get(path).get_json()
    assert (after["status"], after["snoozed_until"]) == ("open", None)
    assert (after["version"], after["epoch"]) == (before["version"] + 1, before["epoch"]), "a clock is no person"
    entry = house.ada.get(f"{path}/timeline").get_json()["items"][-1]
    assert (entry["kind"], entry["actor"]["type"], entry["version"]) == ("reopened", "system", after["version"])
    assert entry["text"] == "It was reopened, because its snooze ended"
    assert sweep.sweep(worker) == 0, "once"


def test_a_snooze_without_an_end_stays(people: People, worker: Context) -> None:
    people.patch(status="snoozed")
    assert sweep.sweep(worker) == 0
    assert people.conversation()["status"] == "snoozed"


def test_a_snooze_that_a_person_made_longer_stays(people: People) -> None:
    people.patch(status="snoozed")
    with people.services.reading() as connection:
        people.behind_the_back(
            "UPDATE conversation SET snoozed_until = clock_timestamp() + interval '1 hour' WHERE id = :conversation"
        )
        assert rules.reopen(connection, due(people)) is False
    assert people.conversation()["status"] == "snoozed"


def test_what_is_due_is_found_by_its_index(crowded: People) -> None:
    def plans(connection: Connection) -> list[set[str]]:
        return [scanned(connection, statement, batch=10) for statement in (rules.QUIET, rules.AWAKE)]

    rule(crowded, "after_hours", 1)
    with crowded.services.reading() as connection:
        assert plans(connection) == [set(), set()]
