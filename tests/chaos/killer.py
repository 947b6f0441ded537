"""What dies, when, and how soon it is back. SIGKILL only; the product's own supervisor brings everything back.

Owns the choice: every named point of worker and web once with the process that reaches it, then the points with Valkey
and PostgreSQL dying at that moment, and in between any part at any moment.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos import points

PARTS = ("web", "worker", "redis", "postgres")
BACKEND = "backend"  # one of PostgreSQL's own processes: it restarts all of them by itself
PAUSE_SECONDS = (0.1, 0.9)
REACH_SECONDS = 5.0  # then the point is given up for now
BACK_SECONDS = 60.0  # a part that is not back by then stays away
LOOK_SECONDS = 0.02


@dataclass
class Killer:
    """Kills in one product until it is over."""

    data: Path
    chance: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    at_points: Counter[str] = field(default_factory=Counter)
    back_seconds: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    _cards: Iterator[tuple[str | None, str]] = field(init=False)

    def __post_init__(self) -> None:
        self._cards = self._deal()

    def run(self, over: threading.Event) -> None:
        """Kill, wait for the part to be back, pause, and again."""
        while not over.wait(self.chance.uniform(*PAUSE_SECONDS)):
            point, part = next(self._cards)
            if point is None:
                self._at_any_moment(part)
            else:
                self._at_point(point, part, over)

    def never_reached(self) -> set[str]:
        """Points at which nothing has died so far."""
        return {*points.WORKER_POINTS, *points.WEB_POINTS} - points.RARE_POINTS - set(self.at_points)

    def _deal(self) -> Iterator[tuple[str | None, str]]:
        own = [(p, "worker") for p in points.WORKER_POINTS] + [(p, "web") for p in points.WEB_POINTS]
        others = [(p, part) for p, _ in own for part in ("redis", "postgres")]
        while True:
            for cards in (own, others):
                for number, card in enumerate(self.chance.sample(cards, len(cards))):
                    yield card
                    if number % 2:
                        yield None, self.chance.choice([*PARTS, BACKEND])

    def _at_any_moment(self, part: str) -> None:
        before = self._pids(part)
        with suppress(ProcessLookupError):
            os.kill(self._backend() if part == BACKEND else self.chance.choice(before), signal.SIGKILL)
            self._killed(part, before)

    def _at_point(self, point: str, part: str, over: threading.Event) -> None:
        """The process that gets there kills itself, or the other part."""
        before = self._pids(part)
        points.arm(self.data, point, "self" if part in {"web", "worker"} else part)
        until = time.monotonic() + REACH_SECONDS
        while not points.was_reached(self.data, point) and time.monotonic() < until and not over.is_set():
            time.sleep(LOOK_SECONDS)
        if points.disarm(self.data, point):
            self.at_points[point] += 1
            self._killed(part, before)

    def _killed(self, part: str, before: list[int]) -> None:
        self.kills[part] += 1
        if part == BACKEND:
            return
        started = time.monotonic()
        while self._pids(part) == before:
            if time.monotonic() - started > BACK_SECONDS:
                self.wrong.append(f"{part} was killed and is not back after {BACK_SECONDS:.0f} s")
                return
            time.sleep(LOOK_SECONDS)
        took = round(time.monotonic() - started, 2)
        self.back_seconds[part] = max(took, self.back_seconds.get(part, 0.0))

    def _pids(self, part: str) -> list[int]:
        name = "postgres" if part == BACKEND else part
        pids = json.loads((self.data / "run.json").read_text())["pids"][name]
        return pids if isinstance(pids, list) else [pids]

    def _backend(self) -> int:
        """Any child of PostgreSQL."""
        postmaster = self._pids("postgres")[0]
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        if not children:
            raise ProcessLookupError
        return int(self.chance.choice(children))
