"""The agents' routes for what is done in many conversations at once, and for undoing it."""

from __future__ import annotations

from typing import Annotated, Any

from flask import Blueprint, Response
from pydantic import Field, model_validator

from inbox import bulk
from inbox.access import Agent
from inbox.api.answering import answer
from inbox.api.asking import agent_route, bigint, body, services
from inbox.api.fields import Body, Id, Label, Moment
from inbox.api.schemas import NothingBody
from inbox.conversation import MOST_LABELS, Priority, Status

blueprint = Blueprint("bulk", __name__, url_prefix="/api/v1/bulk")
Labels = Annotated[list[Label], Field(max_length=MOST_LABELS)]


class BulkBody(Body):
    """POST bulk: what is given is set in every one of the conversations, what is left out stays."""

    conversation_ids: Annotated[list[Id], Field(min_length=1, max_length=bulk.MOST_CONVERSATIONS)]
    status: Status = "open"
    snoozed_until: Moment | None = None
    assignee_id: Id | None = None
    priority: Priority = "normal"
    add_labels: Labels = Field(default=[])
    remove_labels: Labels = Field(default=[])

    @model_validator(mode="after")
    def _something(self) -> BulkBody:
        if not self.changes():
            raise ValueError("give something to change beside conversation_ids")
        if self.snoozed_until is not None and "status" in self.model_fields_set and self.status != "snoozed":
            raise ValueError("snoozed_until goes with the status snoozed only")
        return self

    def changes(self) -> dict[str, Any]:
        """What is to be set."""
        return {name: value for name, value in super().changes().items() if name != "conversation_ids"}


@blueprint.post("")
@agent_route
def apply(who: Agent) -> Response:
    """Set the same in many conversations: all of them together, or none where one is not there."""
    wanted = body(BulkBody)
    with services().statement() as writing:
        done = bulk.apply(writing.connection, who, wanted.conversation_ids, wanted.changes())
    return _done(done)


@blueprint.post("/<number>/undo")
@agent_route
def undo(who: Agent, number: str) -> Response:
    """Restore what your act changed and nobody has changed since; once, and for five minutes."""
    act_id = bigint(number)
    body(NothingBody)
    with services().statement() as writing:
        done = bulk.undo(writing.connection, who, act_id)
    return _done(done)


def _done(done: bulk.Done) -> Response:
    return answer({"id": done.id, "changed": list(done.changed), "unchanged": list(done.unchanged)})
