"""What requests may hold: one model for each body. Unknown fields are refused.

Owns validation of form; fields.py has the types of its fields. Whether an id exists is for the statements to say.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from inbox.api.fields import (
    Attributes,
    Body,
    Content,
    Email,
    Id,
    Label,
    Moment,
    Short,
    Storable,
    Text,
    Title,
    not_blank,
)
from inbox.conversation import MOST_CHARACTERS, MOST_LABELS, Priority, Status
from inbox.origins import origin

LONGEST_RESUME_HOURS = 8760  # a year
LARGEST_CAP = 1_000_000_000  # tokens; more is no cap
LONGEST_SOLVE_DAYS = 3650
LARGEST_CAPACITY = 1000  # conversations of one agent; beyond, a capacity is none
MOST_GREETING_CHARACTERS = 500
MOST_ORIGINS = 50
MOST_COMMENT_CHARACTERS = 2000
MOST_FILES = 10  # of one message


class VisitorBody(Body):
    """What a visitor says of themselves; unverified."""

    external_id: Short | None = None
    name: Short | None = None
    email: Short | None = None
    identity: Text | None = None


class SessionBody(Body):
    """POST widget/sessions."""

    project_key: Short
    visitor: VisitorBody | None = None


class VisitorChangesBody(Body):
    """PATCH widget/visitor: what is given is set, what is left out stays."""

    name: Short | None = None
    email: Email | None = None


class RatingBody(Body):
    """POST widget/rating."""

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, Field(max_length=MOST_COMMENT_CHARACTERS), Storable] = ""


class SeenBody(Body):
    """POST widget/seen."""

    message_id: Id


class VisitorMessageBody(Body):
    """POST widget/messages: text, files or both. Without files the text has 1 to 10,000 characters and is not blank."""

    # Before the content, whose rule depends on it.
    attachment_ids: Annotated[list[Id], Field(max_length=MOST_FILES)] = Field(default=[])
    content: Annotated[str, Field(max_length=MOST_CHARACTERS, validate_default=True), Storable] = ""

    @field_validator("content")
    @classmethod
    def _something(cls, value: str, info: ValidationInfo) -> str:
        return value if info.data.get("attachment_ids") else not_blank(value)


class AgentMessageBody(VisitorMessageBody):
    """POST conversations/{id}/messages: text, files or both, as a visitor's."""

    private: bool = False


class ConversationBody(Body):
    """PATCH conversations/{id}: what is given is set, what is left out stays."""

    status: Status = "open"
    snoozed_until: Moment | None = None
    assignee_id: Id | None = None
    priority: Priority = "normal"
    labels: Annotated[list[Label], Field(max_length=MOST_LABELS)] = Field(default=[])
    custom_attributes: Attributes = Field(default={})

    @model_validator(mode="after")
    def _snooze(self) -> ConversationBody:
        if self.snoozed_until is not None and "status" in self.model_fields_set and self.status != "snoozed":
            raise ValueError("snoozed_until goes with the status snoozed only")
        return self

    def changes(self) -> dict[str, Any]:
        """The given columns; labels without repetitions."""
        given = super().changes()
        if "labels" in given:
            given["labels"] = list(dict.fromkeys(given["labels"]))
        return given


class ProjectBody(Body):
    """PATCH project."""

    name: Title = ""
    responder_enabled: bool = True
    mode: Annotated[str, Field(pattern="^(simple|orchestrator)$")] = "simple"
    answers_when: Annotated[str, Field(pattern="^(always|no_agent_online|unassigned)$")] = "always"
    on_assignment: Annotated[str, Field(pattern="^(post|park)$")] = "post"
    instructions: Text = ""
    language: Annotated[str, Field(max_length=64), Storable] = ""
    resume_rule: Annotated[str, Field(pattern="^(never|after_hours|when_solved)$")] = "never"
    resume_after_hours: Annotated[int, Field(ge=1, le=LONGEST_RESUME_HOURS)] = 24
    cap_tokens_visitor_hour: Annotated[int, Field(ge=0, le=LARGEST_CAP)] = 0
    cap_tokens_day: Annotated[int, Field(ge=0, le=LARGEST_CAP)] = 0
    solve_after_days: Annotated[int, Field(ge=0, le=LONGEST_SOLVE_DAYS)] = 0
    assign_rule: Annotated[str, Field(pattern="^(off|fewest)$")] = "off"
    assign_capacity: Annotated[int, Field(ge=1, le=LARGEST_CAPACITY)] = 10
    widget_brand: Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$"), AfterValidator(str.lower)] = "#24453a"
    widget_greeting: Annotated[str, Field(max_length=MOST_GREETING_CHARACTERS), Storable] = ""
    widget_position: Annotated[str, Field(pattern="^(left|right)$")] = "right"
    widget_asks_email: Annotated[str, Field(pattern="^(always|when_nobody|never)$")] = "when_nobody"
    widget_ask_person: Annotated[str, Field(pattern="^(always|open_hours|never)$")] = "always"
    widget_origins: Annotated[list[Annotated[str, AfterValidator(origin)]], Field(max_length=MOST_ORIGINS)] = Field(
        default=[]
    )


class SnippetBody(Body):
    """POST snippets."""

    title: Title
    content: Content


class SnippetChangesBody(Body):
    """PATCH snippets/{id}: what is given is set, what is left out stays."""

    title: Title = ""
    content: Content = ""


Shortcut = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")]


class CannedReplyBody(Body):
    """POST canned-replies."""

    shortcut: Shortcut
    content: Content


class CannedReplyChangesBody(Body):
    """PATCH canned-replies/{id}: what is given is set, what is left out stays."""

    shortcut: Shortcut = ""
    content: Content = ""


class DraftBody(Body):
    """POST drafts/{draft}/send."""

    content: Content | None = None


class NoteBody(Body):
    """PATCH messages/{message}: the words of a note."""

    content: Content


class PositionBody(Body):
    """POST conversations/{id}/workflow."""

    node_id: Annotated[str, Field(min_length=1, max_length=200), Storable] | None


class TrialBody(Body):
    """POST workflow/try: without a workflow the saved one is tried."""

    message: Content
    workflow: dict[str, Any] | None = None


class NothingBody(Body):
    """A POST that takes no fields."""
