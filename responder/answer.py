"""What one call of a model came back with: values only.

Owns their shape. Must not know how a model is reached.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from responder.outcome import Usage


@dataclass(frozen=True)
class ToolCall:
    """`arguments` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Answer:
    """What the model said, which tools it wants called, and what that took."""

    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    usage: Usage = field(default_factory=Usage)


class ModelFailed(Exception):
    """No endpoint gave an answer; the message says what the last one did.

    `at_fault`: it speaks against the endpoint, not only against this one request. `endpoint` is the one that failed.
    """

    def __init__(self, message: str, *, at_fault: bool = True) -> None:
        super().__init__(message)
        self.at_fault = at_fault
        self.endpoint: str | None = None


class SpendCapReached(ModelFailed):
    """The model was not asked, because a cap on what it may cost leaves no room."""


class ModelTimeout(ModelFailed):
    """No endpoint answered in time."""
