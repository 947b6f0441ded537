"""What a turn's thinking may ask of the outside while it holds nothing: an interface that jobs fill.

Owns the interface only. What it raises that is not named here ends the thinking.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

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
