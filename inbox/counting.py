"""Counting within a window of time: in Redis, where all processes count together.

Owns which of the limits library's storages counts. While Redis is away each process counts for itself. Must not refuse
anybody: limits.py does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from limits.storage import MemoryStorage, RedisStorage, Storage
from redis import Redis
from redis.exceptions import RedisError

Answer = TypeVar("Answer", int, float)
AWAY_SECONDS = 5.0  # how long a Redis that did not answer is left alone, so that not every request waits for it


@dataclass(frozen=True)
class Window:
    """What is counted, and in how long a window. A window begins with its first count."""

    key: str
    seconds: int


class Counter:
    """Counts in windows. Never raises for a Redis that is away."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._together = RedisStorage("redis://", connection_pool=redis.connection_pool)
        self._here = MemoryStorage()
        self._clock = clock
        self._away_until = float("-inf")

    def count(self, window: Window) -> int:
        """One more, and how many there are then. One call of Redis."""
        return self._ask(lambda storage: storage.incr(window.key, window.seconds))

    def seconds_left(self, window: Window) -> int:
        """Until the window ends, and the next count begins another."""
        return max(0, round(self._ask(lambda storage: storage.get_expiry(window.key)) - time.time()))

    def _ask(self, ask: Callable[[Storage], Answer]) -> Answer:
        now = self._clock()
        if now >= self._away_until:
            try:
                return ask(self._together)
            except RedisError:
                self._away_until = now + AWAY_SECONDS
        return ask(self._here)
