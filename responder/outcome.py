"""What a turn's thinking comes to: values that the landing writes, or refuses to write.

Owns the shape of the responder's output. Must not know how anything is stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

HandOffReason = Literal[
    "model_failed", "model_timeout", "bad_decision", "cycle", "spend_cap", "attempts", "no_answer", "asked"
]


@dataclass(frozen=True)
class Position:
    """Where the next step begins: the conversation's workflowState. node_id None: the workflow is finished."""

    node_id: str | None
    workflow_version: int | None

    def as_json(self) -> dict[str, Any]:
        """As the conversation's metadata keeps it."""
        return {"currentNodeId": self.node_id, "workflowVersion": self.workflow_version}


@dataclass(frozen=True)
class Step:
    """One node the turn went through, for the page: which, of what kind, and by which route it left."""

    node_id: str
    type: str
    route: str | None = None


@dataclass(frozen=True)
class Intent:
    """An effect that the responder wants, committed with the reply or not at all.

    `tool` is one of add_note, set_status, set_priority, add_label, assign_to, hand_off, set_visitor_attribute;
    `arguments` are validated already; those of assign_to are {email, agent_id, name} of a member of the project.
    """

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Citation:
    """A snippet that the reply rests on."""

    snippet_id: int
    title: str


@dataclass(frozen=True)
class ToolRun:
    """One call of a project's own tool while thinking; `failure` is None where it answered. `ms` are milliseconds."""

    node_id: str
    tool: str
    arguments: Mapping[str, Any]
    failure: str | None
    ms: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What the model cost: milliseconds and tokens summed over the turn's calls."""

    model: str | None = None
    endpoint: str | None = None
    model_ms: float = 0.0
    first_token_ms: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True)
class Reply:
    """A public message to post. `position` is None where no workflow ran (simple mode)."""

    content: str
    position: Position | None
    intents: tuple[Intent, ...] = ()
    citations: tuple[Citation, ...] = ()
    path: tuple[Step, ...] = ()
    usage: Usage = field(default_factory=Usage)
    tool_runs: tuple[ToolRun, ...] = ()


@dataclass(frozen=True)
class HandOff:
    """The responder gives the conversation to people. `content` is the kind message that the visitor gets.

    `position` is None where the workflow position stays as it is. `undone` are wishes that came to nothing because the
    reply that they belong to was never made.
    """

    reason: HandOffReason
    content: str
    detail: str = ""
    position: Position | None = None
    intents: tuple[Intent, ...] = ()
    path: tuple[Step, ...] = ()
    usage: Usage = field(default_factory=Usage)
    tool_runs: tuple[ToolRun, ...] = ()
    undone: tuple[Intent, ...] = ()


Outcome = Reply | HandOff
