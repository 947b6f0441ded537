"""What a landing writes of the conversation: the columns of its verdict, and no other, whatever people had set."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from jobs import turn as turns
from jobs.context import Context
from jobs.landing import Lander
from jobs.values import Basis, Claimed, Drop
from responder.outcome import HandOff, Intent, Position, Reply, Step
from tests.people import WORKFLOW, People
from tests.turns import begun

LAST_WORD = {
    "version", "last_message_id", "last_said_id", "last_said_by", "last_message_snippet", "last_message_timestamp",
    "active_at",
}  # fmt: skip
ORDER = Position("order", 1)
Verdict = Callable[[Lander, Claimed, Basis], object]
VERDICTS: dict[str, tuple[Verdict, set[str]]] = {
    "a reply": (lambda door, *turn: door.land(*turn, Reply("Here.", None)), LAST_WORD),
    "a reply in a workflow": (lambda door, *turn: door.land(*turn, Reply("Here.", ORDER)), LAST_WORD | {"metadata"}),
    "a reply with a note": (
        lambda door, *turn: door.land(*turn, Reply("Here.", None, (Intent("add_note", {"content": "Look."}),))),
        LAST_WORD,
    ),
    "a hand-off": (
        lambda door, *turn: door.land(*turn, HandOff("no_answer", "A person will.")),
        LAST_WORD | {"responder_state", "handed_off_reason"},
    ),
    "a drop": (
        lambda door, *turn: door.land(*turn, Drop("failed", "attempts")),
        {"version", "left_to_people"},
    ),
    "a routing step": (
        lambda door, *turn: door.land_position(*turn, ORDER, Step("ask", "condition", "yes")),
        {"version", "metadata"},
    ),
}


@pytest.mark.parametrize("verdict", VERDICTS)
def test_it_writes_its_own_and_no_other(people: People, worker: Context, verdict: str) -> None:
    land, written = VERDICTS[verdict]
    assert changed(people, worker, land) == written


def test_a_parked_reply_writes_none(people: People, worker: Context) -> None:
    def land(door: Lander, claimed: Claimed, basis: Basis) -> None:
        people.patch(assignee_id=people.ben.id)
        before = whole(people)
        door.land(claimed, basis, Reply("Here.", ORDER))
        assert differing(before, whole(people)) == {"version"}

    people.behind_the_back("UPDATE project SET on_assignment = 'park'")
    changed(people, worker, land)
    assert [draft["content"] for draft in people.drafts()] == ["Here."]


def test_who_moves_the_workflow_leaves_the_rest_of_metadata(people: People) -> None:
    people.use_workflow(WORKFLOW)
    people.behind_the_back("UPDATE conversation SET metadata = :more WHERE id = :conversation", more={"crm": 7})
    people.act("move_workflow", "order")
    assert people.conversation()["metadata"] == {"crm": 7, "workflowState": ORDER.as_json()}


def test_the_last_word_never_goes_back_though_the_clock_does(people: People, worker: Context) -> None:
    """Whoever speaks: the responder, the visitor, an agent (I5)."""
    ahead = datetime.now(UTC) + timedelta(hours=1)
    turn_id = people.visitor_writes()
    people.behind_the_back(
        "UPDATE conversation SET last_message_timestamp = :ahead WHERE id = :conversation", ahead=ahead
    )
    assert turn_id is not None
    turns.run(worker, turn_id)
    people.visitor_writes("And this?")
    people.act("reply", "That as well.")
    at = [message["created_at"] for message in people.messages()]
    assert at[1:] == [ahead] * 3
    assert people.conversation()["last_message_timestamp"] == ahead


def changed(people: People, worker: Context, land: Verdict) -> set[str]:
    """The columns that the landing changes in a conversation of which people have set all that they can."""
    people.use_workflow(WORKFLOW)
    turn_id = people.visitor_writes()
    people.patch(
        assignee_id=people.ana.id,
        priority="urgent",
        labels=["vip"],
        status="pending",
        custom_attributes={"plan": "gold"},
    )
    people.behind_the_back(
        "UPDATE conversation SET metadata = :more, person_at = now() WHERE id = :conversation", more={"crm": 7}
    )
    with people.services.statement() as writing:
        work = begun(writing.connection, turn_id)
    before = whole(people)
    land(worker.lander, work.claimed, work.basis)
    return differing(before, whole(people))


def whole(people: People) -> dict[str, object]:
    """All columns of the row."""
    with people.services.reading() as connection:
        found = connection.execute(text("SELECT * FROM conversation WHERE id = :id"), {"id": people.conversation_id})
        return dict(found.mappings().one())


def differing(before: dict[str, object], after: dict[str, object]) -> set[str]:
    """Where the two are not the same."""
    return {name for name in before if before[name] != after[name]}
