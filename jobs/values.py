"""The values that pass between claim, landing and decide().

Owns their shapes. Must not do anything: no SQL, no Redis.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from inbox.conversation import TurnStatus
from inbox.spending import Caps
from jobs.toolbox import Toolbox
from responder.outcome import Intent
from responder.snapshot import Snapshot

DropStatus = Literal["cancelled", "superseded", "failed"]
ParkReason = Literal["person_replied", "taken_over", "spam", "assigned"]


@dataclass(frozen=True, slots=True)
class Claimed:
    """A turn that is ours: `attempt` is the fence that every later write of it must show."""

    turn_id: int
    attempt: int
    project_id: int
    conversation_id: int
    claimed_at: datetime
    answers: tuple[int, ...]

    @property
    def answers_up_to(self) -> int | None:
        """The newest message that the turn answers; None where it answers none."""
        return max(self.answers, default=None)


@dataclass(frozen=True, slots=True)
class Basis:
    """What the turn knows of the conversation: its state at the claim, moved on by the turn's own landings.

    `workflow_state` is the conversation's metadata.workflowState as this turn last read or wrote it;
    `visitor_attributes` are what was known of the visitor at the claim.
    """

    version: int
    epoch: int
    workflow_state: Mapping[str, Any] | None
    visitor_attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Work:
    """A claimed turn with all that it may think about. `refusal` is set where it must not think at all; without
    `has_snippets` there is nothing to search.
    """

    claimed: Claimed
    basis: Basis
    snapshot: Snapshot
    refusal: Drop | None = None
    toolbox: Toolbox = field(default_factory=Toolbox)
    caps: Caps = field(default_factory=Caps)
    has_snippets: bool = True


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of the timeline that a person made after the turn's basis."""

    kind: str
    version: int
    actor_id: int | None
    actor_name: str | None
    at: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Policy:
    """The project's say in what becomes of a reply."""

    responder_enabled: bool
    on_assignment: Literal["post", "park"]


@dataclass(frozen=True, slots=True)
class KnownVisitor:
    """The visitor as re-fetched by a landing that wants to remember something of them."""

    version: int
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fresh:
    """The conversation as re-fetched a moment before the landing's statement. `fetched_at` is the database's clock.

    `visitor` is read for a landing that wants to remember something of them, and None for every other.
    """

    version: int
    epoch: int
    status: str
    responder_state: str
    workflow_state: Any
    newest_question_id: int | None
    turn_status: TurnStatus
    turn_attempt: int
    acts: tuple[Act, ...]
    policy: Policy
    fetched_at: datetime
    left_to_people: bool = False
    visitor: KnownVisitor | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A person's value that stands although the turn began before it was set."""

    field: str
    value: Any
    by: str | None
    at: str

    def as_json(self) -> dict[str, Any]:
        """As the timeline keeps it."""
        return {"field": self.field, "value": self.value, "by": self.by, "at": self.at}


@dataclass(frozen=True, slots=True)
class Post:
    """The reply goes to the visitor. `state` is what to merge into workflowState, None leaves it as it is.

    Of the wishes `intents` are done, `yielded` yield to a person's act, `gone` are for who left the team meanwhile, and
    `left` would put the conversation aside while its visitor waits, or find no room.
    """

    state: Mapping[str, Any] | None
    intents: tuple[Intent, ...]
    yielded: tuple[Intent, ...]
    kept: tuple[Kept, ...]
    next_turn: bool
    gone: tuple[Intent, ...] = ()
    left: tuple[Intent, ...] = ()

    def without_assignment(self) -> Post:
        """The same, for an assignee who is no member any more."""
        gone = tuple(intent for intent in self.intents if intent.tool == "assign_to")
        return replace(self, intents=tuple(intent for intent in self.intents if intent not in gone), gone=gone)


@dataclass(frozen=True, slots=True)
class Park:
    """The reply becomes a draft, because of what `by` did at `at`."""

    reason: ParkReason
    by: str | None
    at: str | None
    next_turn: bool


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing is written for the visitor or for people; the turn says why."""

    status: DropStatus
    reason: str
    next_turn: bool = False


@dataclass(frozen=True, slots=True)
class NotOurs:
    """The turn ended already, or somebody else has claimed it since: there is nothing for us to write."""

    status: TurnStatus
    attempt: int


Decision = Post | Park | Drop | NotOurs
