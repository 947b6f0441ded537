"""What answers hold: one model for each value that SURFACE names, for the document of the API.

Owns the described form. representation.py makes the values; that both agree is held by
tests/integration/test_openapi.py and test_schemathesis.py.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel

from inbox.conversation import Priority, ResponderState, Status, TurnStatus

T = TypeVar("T")


class Answer(BaseModel):
    """Every field is there; one that has no value is null. Later releases may add fields, never take one away."""


class Listed(Answer, Generic[T]):
    """One page of a list. `next_cursor` goes back as `cursor`; null: this was the last page."""

    items: list[T]
    next_cursor: str | None


class Named(Answer):
    """Somebody by name."""

    id: int
    name: str


class Visitor(Answer):
    """Who asks. Only a `verified` visitor is known to be who they say."""

    id: int
    external_id: str | None
    name: str | None
    email: str | None
    verified: bool
    custom_attributes: dict[str, Any]


class Conversation(Answer):
    """`version` is its ETag. `metadata.workflowState` is the workflow's position. `waiting_since` is when its visitor
    began to wait for a person; null where none is needed.
    """

    id: int
    status: Status
    snoozed_until: datetime | None
    assignee_id: int | None
    assigned_at: datetime | None
    priority: Priority
    labels: list[str]
    unread_count: int
    last_message_id: int | None
    last_message_snippet: str | None
    last_message_timestamp: datetime | None
    metadata: dict[str, Any]
    custom_attributes: dict[str, Any]
    responder_state: ResponderState
    waiting_since: datetime | None
    version: int
    epoch: int
    visitor: Visitor
    created_at: datetime


class Attachment(Answer):
    """A file. `type` is judged by its bytes; `url` is asked each time whether the asker may read it."""

    id: int
    name: str
    type: str
    bytes: int
    url: str


class VisitorMessage(Answer):
    """A public message as its visitor sees it. `removed`: an agent took it back."""

    id: int
    conversation_id: int
    author: Literal["visitor", "agent", "responder"]
    author_id: int | None
    author_name: str | None
    content: str
    private: bool
    turn_id: int | None
    attachments: list[Attachment]
    created_at: datetime
    removed: bool


class Message(VisitorMessage):
    """A message or a private note, which may have been edited since. `sent_by` is the agent who sent a parked reply."""

    sent_by: int | None
    edited_at: datetime | None
    citations: list[Any]


class Turn(Answer):
    """One attempt of the responder to answer. Durations are in milliseconds."""

    id: int
    conversation_id: int
    status: TurnStatus
    reason: str | None
    attempt: int
    answers: list[int]
    message_id: int | None
    draft_id: int | None
    window_ms: float | None
    lock_wait_ms: float | None
    model_ms: float | None
    first_token_ms: float | None
    model: str | None
    endpoint: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    workflow_version: int | None
    path: list[Any]
    tool_calls: list[Any]
    created_at: datetime
    claimed_at: datetime | None
    ended_at: datetime | None


class Draft(Answer):
    """A parked reply."""

    id: int
    conversation_id: int
    turn_id: int
    content: str
    reason: str
    state: Literal["open", "sent", "discarded"]
    position_applied: bool | None
    created_at: datetime


class Actor(Answer):
    """Who did it."""

    type: Literal["visitor", "agent", "responder", "system"]
    id: int | None
    name: str | None


class TimelineEntry(Answer):
    """What happened. `text` is a sentence for people, `data` its facts."""

    id: int
    at: datetime
    version: int
    kind: str
    actor: Actor
    turn_id: int | None
    text: str
    data: dict[str, Any]


class BulkDone(Answer):
    """What was done to whom. `id` undoes it, for five minutes; null where nothing was changed."""

    id: int | None
    changed: list[int]
    unchanged: list[int]


class Me(Answer):
    """Who the token belongs to. `scope` is what the token may do."""

    id: int
    name: str
    email: str
    role: Literal["agent", "manager"]
    project_id: int
    scope: Literal["read", "answer", "full"]


class Project(Answer):
    """A project's settings."""

    id: int
    name: str
    key: str
    responder_enabled: bool
    mode: Literal["simple", "orchestrator"]
    answers_when: Literal["always", "no_agent_online", "unassigned"]
    on_assignment: Literal["post", "park"]
    instructions: str
    language: str
    resume_rule: Literal["never", "after_hours", "when_solved"]
    resume_after_hours: int
    cap_tokens_visitor_hour: int
    cap_tokens_day: int
    solve_after_days: int
    assign_rule: Literal["off", "fewest"]
    assign_capacity: int
    workflow_version: int | None
    widget_brand: str
    widget_greeting: str
    widget_position: Literal["left", "right"]
    widget_asks_email: Literal["always", "when_nobody", "never"]
    widget_ask_person: Literal["always", "open_hours", "never"]
    widget_origins: list[str]


class Alive(Answer):
    """The process lives."""

    status: Literal["ok"]


class Ready(Answer):
    """Which servers answer."""

    database: Literal["ok", "down"]
    redis: Literal["ok", "down"]


class ErrorBody(Answer):
    """`code` is stable, `message` a sentence for people; some codes bring more fields."""

    code: str
    message: str


class Error(Answer):
    """Every answer that is no success."""

    error: ErrorBody


class Document(Answer):
    """An OpenAPI 3.1 document."""

    openapi: str
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]
