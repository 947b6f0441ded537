"""The race lab as the inbox sees it: something to start and to look at.

Owns the interface and the values shown. app.py fills it; the inbox knows no jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass
class Side:
    """One writer's run so far. `examples` are a few lost updates; `marks` has a k (kept) or l (lost) for each turn."""

    turns: int = 0
    lost: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)
    marks: str = ""

    def as_json(self) -> dict[str, Any]:
        """As `flask race` prints it."""
        return {"turns": self.turns, "lost": self.lost, "examples": self.examples}


@dataclass
class Race:
    """A race under way, or over when `seconds` is known."""

    conversations: int
    agents: int
    think: tuple[float, float]
    acts: int = 0
    naive: Side = field(default_factory=Side)
    tandem: Side = field(default_factory=Side)
    seconds: float | None = None
    failed: str | None = None

    def as_json(self) -> Mapping[str, Any]:
        """The result as SURFACE has it."""
        return {
            "conversations": self.conversations,
            "agents": self.agents,
            "acts": self.acts,
            "naive": self.naive.as_json(),
            "tandem": self.tandem.as_json(),
            "seconds": self.seconds,
        }


class RaceLab(Protocol):
    """Runs one race at a time."""

    def start(self, race: Race) -> Race:
        """Begin this race in the background; the one under way, if there is one, is returned instead."""

    def newest(self) -> Race | None:
        """The race under way or the last one."""
