"""What the clients of one round know: what they wrote, what they were told, what they saw.

Owns those values. It knows only what programs outside know.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class House:
    """A project and the tokens of its agents."""

    project_id: int
    key: str
    agents: tuple[tuple[int, str], ...]

    @property
    def token(self) -> str:
        """The first agent's."""
        return self.agents[0][1]


@dataclass(frozen=True)
class Place:
    """A visitor's conversation."""

    house: House
    conversation_id: int
    token: str


@dataclass
class Word:
    """A message that somebody sent. `told` is the answer, None while it is unclear; words are unlike all others."""

    conversation_id: int
    author: str
    content: str
    private: bool = False
    told: Json | None = None


@dataclass(frozen=True)
class Event:
    """One event as it came."""

    id: str
    name: str
    data: Json


@dataclass
class Seen:
    """Everything that one client of an event stream saw, over all its connections."""

    name: str
    events: list[Event] = field(default_factory=list)
    connections: int = 0


@dataclass
class History:
    """Shared by all threads of a round; lists are only appended to."""

    places: list[Place] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    told: list[Json] = field(default_factory=list)  # conversations as agents' acts were answered with them
    streams: list[Seen] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)  # answers that nobody should get, whatever dies
    counts: Counter[str] = field(default_factory=Counter)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def count(self, name: str) -> None:
        """One more of these."""
        with self.guard:
            self.counts[name] += 1
