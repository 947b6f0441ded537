"""What a turn's thinking may ask of the outside while it holds nothing: interfaces that jobs fill.

Owns the interfaces only. What they raise that is not named here ends the thinking.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from responder.answer import Answer
from responder.outcome import Position, Step
from responder.snapshot import Colleague, Snippet


class Surroundings(Protocol):
    """What the thinking may ask of the outside while it holds nothing."""

    def search(self, query: str) -> tuple[Snippet, ...]:
        """The project's knowledge for a query."""

    def colleague(self, named: str) -> Colleague | None:
        """The one member of the turn's project with this e-mail address or name."""

    def call_tool(self, name: str, arguments: Mapping[str, Any]) -> str:
        """The answer of one of the project's own tools. Raises ToolFailed; what else it raises ends the thinking."""

    def land_position(self, position: Position, step: Step) -> None:
        """Make a routing step stand. What it raises (the turn is lost) ends the thinking."""

    def progress(self, node_id: str, node_type: str, tool: str | None, text: str) -> None:
        """Tell how far the thinking is; may raise to end it."""


class Answering(Protocol):
    """A model, or what is asked in its place: it counts what a call costs, say, or writes it down."""

    def ask(
        self,
        messages: list[dict[str, Any]],
        tools: Sequence[dict[str, Any]] = (),
        must_call: str | None = None,
        on_text: Callable[[str], None] = ...,
        /,
    ) -> Answer:
        """One answer; `on_text` is called with the text so far, and may raise. Raises ModelFailed."""
