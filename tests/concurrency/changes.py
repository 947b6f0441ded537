"""What people do while a turn lands, held there: each change, and how one sees that it stands.

Owns no test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from jobs import turn as turns
from jobs.context import Context
from jobs.landing import Lander
from tests.conftest import InBackground
from tests.model_server import Asked, ModelServer
from tests.people import WORKFLOW, People

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """What a person does, and how one sees that it stands. `reply`: what becomes of the reply."""

    name: str
    do: Callable[[People], object]
    stands: Callable[[People, Row], bool]
    reply: str = "landed"

    def __str__(self) -> str:
        return self.name


CHANGES = (
    Change("assign", lambda p: p.patch(assignee_id=p.ben.id), lambda p, c: c["assignee_id"] == p.ben.id),
    Change("unassign", lambda p: p.patch(assignee_id=None), lambda p, c: c["assignee_id"] is None),
    Change("claim", lambda p: p.act("claim", who=p.ben), lambda p, c: c["assignee_id"] == p.ben.id),
    Change("status", lambda p: p.patch(status="pending"), lambda p, c: c["status"] == "pending"),
    Change("solve", lambda p: p.patch(status="solved"), lambda p, c: c["status"] == "solved"),
    Change("priority", lambda p: p.patch(priority="urgent"), lambda p, c: c["priority"] == "urgent"),
    Change("labels", lambda p: p.patch(labels=["vip"]), lambda p, c: c["labels"] == ["vip"]),
    Change(
        "custom attributes",
        lambda p: p.patch(custom_attributes={"plan": "gold"}),
        lambda p, c: c["custom_attributes"] == {"plan": "gold"},
    ),
    Change(
        "metadata behind the version",
        lambda p: p.behind_the_back(
            "UPDATE conversation SET metadata = metadata || CAST(:more AS jsonb) WHERE id = :conversation",
            more={"crm": 7},
        ),
        lambda p, c: c["metadata"].get("crm") == 7,
    ),
    Change("note", lambda p: p.act("note", "Look at this."), lambda p, c: any(m["private"] for m in p.messages())),
    Change("reply", lambda p: p.act("reply", "I have it."), lambda p, c: c["responder_state"] == "paused", "parked"),
    Change("take over", lambda p: p.act("take_over"), lambda p, c: c["responder_state"] == "paused", "parked"),
    Change("spam", lambda p: p.patch(status="spam"), lambda p, c: c["status"] == "spam", "parked"),
)


def prepare(people: People, change: Change) -> int:
    """The visitor has written; where the change unassigns, somebody is assigned."""
    people.use_workflow(WORKFLOW)
    if change.name == "unassign":
        people.patch(assignee_id=people.ben.id)
    turn_id = people.visitor_writes()
    assert turn_id is not None
    return turn_id


def check(people: People, change: Change) -> None:
    """The person's change stands, the reply was posted or parked, and all of it is one consistent whole."""
    conversation = people.conversation()
    assert change.stands(people, conversation), f"{change} was undone"
    (turn,) = people.turns()
    assert turn["status"] == change.reply
    replies = [m for m in people.messages() if m["author"] == "responder" and not m["private"]]
    if change.reply == "landed":
        assert len(replies) == 1
        assert conversation["last_message_snippet"] == "Your parcel is on its way."
        assert conversation["last_message_timestamp"] == replies[0]["created_at"]
        assert conversation["last_message_id"] == replies[0]["id"] == turn["message_id"]
        assert conversation["metadata"]["workflowState"] == {"currentNodeId": "after", "workflowVersion": 1}
    else:
        assert replies == []
        (draft,) = people.drafts()
        assert draft["content"] == "Your parcel is on its way."
        assert conversation["metadata"]["workflowState"]["currentNodeId"] == "order"
    versions = {entry["version"] for entry in people.timeline()}
    assert versions == set(range(1, conversation["version"] + 1)), "a write is missing from the timeline"


def while_held(
    people: People, worker: Context, model: ModelServer, in_background: InBackground, change: Change
) -> None:
    """The change happens while the model is held in its second call, behind the landed routing step."""
    turn_id = prepare(people, change)

    def decide_and_hold(asked: Asked) -> None:
        model.hold()
        model.default(asked)

    model.script(decide_and_hold)
    running = in_background(turns.run, worker, turn_id)
    model.wait_until_asked(2)
    change.do(people)
    model.release()
    running.result()


def in_the_window(people: People, worker: Context, change: Change) -> int:
    """The change happens between the final landing's re-fetch and its statement. Returns how often it was tried."""
    turn_id = prepare(people, change)
    passes: list[str] = []

    def pause(point: str) -> None:
        passes.append(point)
        if passes.count("refetched") == 2 and point == "refetched":  # the first is the routing step's
            change.do(people)

    turns.run(replace(worker, lander=Lander(worker.engine, worker.redis, pause)), turn_id)
    assert passes.count("refetched") >= 2, "the model did not answer in time, so nothing happened in the window"
    return passes.count("refetched") - 1
