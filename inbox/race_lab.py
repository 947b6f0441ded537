"""The race lab as the inbox sees it: something to start and to look at.

Owns the interface and the values shown. app.py fills it; the inbox knows no jobs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from threading import Event
from typing import Any, Protocol


@dataclass(frozen=True)
class Story:
    """One conversation in which a person acted while the turn thought. Times are milliseconds since the claim."""

    conversation_id: int
    by: str
    set_to: str
    found: str
    acted_ms: int
    written_ms: int
    window_ms: float
    version: int | None = None

    @property
    def x(self) -> int:
        """Where the act stands on the turn's time axis, in percent."""
        return min(98, max(2, round(100 * self.acted_ms / max(1, self.written_ms))))

    @property
    def anchor(self) -> str:
        """Which end of its words stands there, so that they stay on the axis."""
        return "start" if self.x < 25 else "end" if self.x > 75 else "middle"


@dataclass
class Side:
    """One writer's run so far. `examples` are a few lost updates; `marks` tell of each conversation where it is:
    w (waiting), t (thinking), k (kept) or l (lost). `again` counts tries that met another write."""

    turns: int = 0
    lost: int = 0
    acts: int = 0
    held: int = 0
    again: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    windows_ms: list[float] = field(default_factory=list)
    story: Story | None = None

    def count(self, mark: str) -> int:
        """How many conversations are there."""
        return self.marks.count(mark)

    @property
    def window_ms(self) -> float | None:
        """The median time between what a writer read last and what it wrote."""
        windows = list(self.windows_ms)
        return round(median(windows), 1) if windows else None

    def as_json(self) -> dict[str, Any]:
        """As `flask race` prints it."""
        return {"turns": self.turns, "lost": self.lost, "examples": self.examples}


@dataclass
class Race:
    """A race under way, or over when `seconds` is known. Setting `stop` ends it: what thinks then writes nothing."""

    conversations: int
    agents: int
    think: tuple[float, float]
    seed: int = 1
    naive: Side = field(default_factory=Side)
    tandem: Side = field(default_factory=Side)
    seconds: float | None = None
    failed: str | None = None
    stop: Event = field(default_factory=Event)

    @property
    def running(self) -> bool:
        """Not over yet."""
        return self.seconds is None and self.failed is None

    @property
    def acts(self) -> int:
        """What people did, on both sides."""
        return self.naive.acts + self.tandem.acts

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

    def stop(self) -> None:
        """End the race under way, if there is one."""

    def newest(self) -> Race | None:
        """The race under way or the last one."""
