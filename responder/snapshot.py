"""What a turn knows while it thinks: values read before the model was called, never connections.

Owns the shape of the responder's input. Private notes and other visitors are not in it, by construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from responder.tools import Tool


@dataclass(frozen=True, slots=True)
class Said:
    """One public message of the conversation."""

    id: int
    author: Literal["visitor", "agent", "responder"]
    author_name: str | None
    content: str


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of the team's knowledge."""

    id: int
    title: str
    content: str


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of the turn's project."""

    id: int
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class ProjectView:
    """What prompts and variables may know of the project. No key, no secret."""

    id: int
    name: str
    mode: Literal["simple", "orchestrator"]
    instructions: str
    language: str


@dataclass(frozen=True, slots=True)
class VisitorView:
    """The visitor as prompts and variables may know them."""

    id: int
    name: str | None
    email: str | None
    custom_attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ConversationView:
    """The conversation as it stood at the claim."""

    id: int
    status: str
    priority: str
    labels: tuple[str, ...]
    custom_attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything `think` may look at. `history` is oldest first and ends with what is to be answered.

    `workflow_state` is the conversation's {currentNodeId, workflowVersion} or None before the first step;
    `workflow` is the definition (JSON as saved) of version `workflow_version`, None in simple mode.
    `tools` are the project's own, beside the built-in ones: what a model may know of them, no address and no secret.
    """

    project: ProjectView
    visitor: VisitorView
    conversation: ConversationView
    history: tuple[Said, ...]
    workflow: Mapping[str, Any] | None
    workflow_version: int | None
    workflow_state: Mapping[str, Any] | None
    tools: tuple[Tool, ...] = ()
