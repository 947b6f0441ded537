"""What requests may hold: one model for each body. Unknown fields are refused.

Owns validation of form. Whether an id exists is for the statements to say.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Annotated, Any

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from inbox.conversation import (
    LARGEST_ID,
    MOST_CHARACTERS,
    MOST_LABEL_CHARACTERS,
    MOST_LABELS,
    Priority,
    Status,
    storable,
)
from inbox.origins import origin

MOST_ATTRIBUTES_CHARACTERS = 32_768
MOST_TITLE_CHARACTERS = 200
LONGEST_RESUME_HOURS = 8760  # a year
LARGEST_CAP = 1_000_000_000  # tokens; more is no cap
LONGEST_SOLVE_DAYS = 3650
LARGEST_CAPACITY = 1000  # conversations of one agent; beyond, a capacity is none
DEEPEST = 20
MOST_GREETING_CHARACTERS = 500
MOST_ORIGINS = 50
MOST_COMMENT_CHARACTERS = 2000
MOST_FILES = 10  # of one message


class Body(BaseModel):
    """Strict: a number is no string, and what is not known is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _storable(text: str) -> str:
    if not storable(text):
        raise ValueError("holds characters that cannot be stored (NUL or half of a surrogate pair)")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is blank")
    return text


def _email(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError:
        raise ValueError("is no e-mail address") from None


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is no RFC 3339 time, such as 2026-01-25T10:00:00Z") from None
    if at.tzinfo is None:
        raise ValueError("needs a time zone, such as Z")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("is beyond the times that can be stored") from None


def _safe(value: Any) -> Any:
    """JSON that jsonb can hold: finite numbers, storable text, no bottomless nesting."""
    check_json(value, DEEPEST)
    return value


def check_json(value: Any, deeper: int) -> None:
    """Raise ValueError for a value that jsonb could not hold."""
    if deeper < 0:
        raise ValueError("is nested too deeply")
    if isinstance(value, str):
        _storable(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("holds a number that is not finite")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _storable(key)
            check_json(inner, deeper - 1)
    elif isinstance(value, list):
        for inner in value:
            check_json(inner, deeper - 1)


Content = Annotated[
    str, Field(min_length=1, max_length=MOST_CHARACTERS), AfterValidator(_storable), AfterValidator(_not_blank)
]
Short = Annotated[str, Field(min_length=1, max_length=320), AfterValidator(_storable)]
Text = Annotated[str, Field(max_length=MOST_CHARACTERS), AfterValidator(_storable)]
Label = Annotated[
    str, Field(min_length=1, max_length=MOST_LABEL_CHARACTERS), AfterValidator(_storable), AfterValidator(_not_blank)
]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Attributes = Annotated[dict[str, Any], AfterValidator(_safe)]


class VisitorBody(Body):
    """What a visitor says of themselves; unverified."""

    external_id: Short | None = None
    name: Short | None = None
    email: Short | None = None
    identity: Text | None = None


class SessionBody(Body):
    """POST widget/sessions."""

    project_key: Short
    visitor: VisitorBody = VisitorBody()


class VisitorChangesBody(Body):
    """PATCH widget/visitor: what is given is set, what is left out stays."""

    name: Short | None = None
    email: Annotated[Short, AfterValidator(_email)] | None = None

    def changes(self) -> dict[str, Any]:
        """The given columns."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class RatingBody(Body):
    """POST widget/rating."""

    score: Annotated[int, Field(ge=1, le=5)]
    comment: Annotated[str, Field(max_length=MOST_COMMENT_CHARACTERS), AfterValidator(_storable)] = ""


class VisitorMessageBody(Body):
    """POST widget/messages: text, files or both. Without files the text has 1 to 10,000 characters and is not blank."""

    # Before the content, whose rule depends on it.
    attachment_ids: Annotated[list[Annotated[int, Field(ge=1, le=LARGEST_ID)]], Field(max_length=MOST_FILES)] = []
    content: Annotated[str, Field(max_length=MOST_CHARACTERS, validate_default=True), AfterValidator(_storable)] = ""

    @field_validator("content")
    @classmethod
    def _something(cls, value: str, info: ValidationInfo) -> str:
        return value if info.data.get("attachment_ids") else _not_blank(value)


class AgentMessageBody(VisitorMessageBody):
    """POST conversations/{id}/messages: text, files or both, as a visitor's."""

    private: bool = False


class ConversationBody(Body):
    """PATCH conversations/{id}: what is given is set, what is left out stays."""

    status: Status = "open"
    snoozed_until: Moment | None = None
    assignee_id: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = None
    priority: Priority = "normal"
    labels: Annotated[list[Label], Field(max_length=MOST_LABELS)] = []
    custom_attributes: Attributes = {}

    @model_validator(mode="after")
    def _snooze(self) -> ConversationBody:
        if self.snoozed_until is not None and "status" in self.model_fields_set and self.status != "snoozed":
            raise ValueError("snoozed_until goes with the status snoozed only")
        return self

    def changes(self) -> dict[str, Any]:
        """The given columns; labels without repetitions."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if "labels" in given:
            given["labels"] = list(dict.fromkeys(given["labels"]))
        return given


class ProjectBody(Body):
    """PATCH project."""

    responder_enabled: bool = True
    mode: Annotated[str, Field(pattern="^(simple|orchestrator)$")] = "simple"
    answers_when: Annotated[str, Field(pattern="^(always|no_agent_online|unassigned)$")] = "always"
    on_assignment: Annotated[str, Field(pattern="^(post|park)$")] = "post"
    instructions: Text = ""
    language: Annotated[str, Field(max_length=64), AfterValidator(_storable)] = ""
    resume_rule: Annotated[str, Field(pattern="^(never|after_hours|when_solved)$")] = "never"
    resume_after_hours: Annotated[int, Field(ge=1, le=LONGEST_RESUME_HOURS)] = 24
    cap_tokens_visitor_hour: Annotated[int, Field(ge=0, le=LARGEST_CAP)] = 0
    cap_tokens_day: Annotated[int, Field(ge=0, le=LARGEST_CAP)] = 0
    solve_after_days: Annotated[int, Field(ge=0, le=LONGEST_SOLVE_DAYS)] = 0
    assign_rule: Annotated[str, Field(pattern="^(off|fewest)$")] = "off"
    assign_capacity: Annotated[int, Field(ge=1, le=LARGEST_CAPACITY)] = 10
    widget_brand: Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$"), AfterValidator(str.lower)] = "#24453a"
    widget_greeting: Annotated[str, Field(max_length=MOST_GREETING_CHARACTERS), AfterValidator(_storable)] = ""
    widget_position: Annotated[str, Field(pattern="^(left|right)$")] = "right"
    widget_asks_email: Annotated[str, Field(pattern="^(always|when_nobody|never)$")] = "when_nobody"
    widget_ask_person: Annotated[str, Field(pattern="^(always|open_hours|never)$")] = "always"
    widget_origins: Annotated[list[Annotated[str, AfterValidator(origin)]], Field(max_length=MOST_ORIGINS)] = []

    def changes(self) -> dict[str, Any]:
        """The given columns."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def _one_line(text: str) -> str:
    return " ".join(text.split())


Title = Annotated[
    str,
    Field(min_length=1, max_length=MOST_TITLE_CHARACTERS),
    AfterValidator(_storable),
    AfterValidator(_not_blank),
    AfterValidator(_one_line),
]


class SnippetBody(Body):
    """POST snippets."""

    title: Title
    content: Content


class SnippetChangesBody(Body):
    """PATCH snippets/{id}: what is given is set, what is left out stays."""

    title: Title = ""
    content: Content = ""

    def changes(self) -> dict[str, Any]:
        """The given columns."""
        return {name: getattr(self, name) for name in self.model_fields_set}


Shortcut = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9_-]{0,39}$")]


class CannedReplyBody(Body):
    """POST canned-replies."""

    shortcut: Shortcut
    content: Content


class CannedReplyChangesBody(Body):
    """PATCH canned-replies/{id}: what is given is set, what is left out stays."""

    shortcut: Shortcut = ""
    content: Content = ""

    def changes(self) -> dict[str, Any]:
        """The given columns."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class DraftBody(Body):
    """POST drafts/{draft}/send."""

    content: Content | None = None


class PositionBody(Body):
    """POST conversations/{id}/workflow."""

    node_id: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_storable)] | None


class TrialBody(Body):
    """POST workflow/try: without a workflow the saved one is tried."""

    message: Content
    workflow: dict[str, Any] | None = None


class NothingBody(Body):
    """A POST that takes no fields."""


def moment(text: str) -> datetime | None:
    """The time that the text gives with its zone, or None."""
    try:
        at = _moment(text)
    except ValueError:
        return None
    return at if isinstance(at, datetime) else None
