"""Counting within a window of time: in Redis, where all processes count together.

Owns which of the limits library's storages counts. While Redis is away each process counts for itself; how long anybody
waits for it is redis.py's. Must not refuse anybody: limits.py does.
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


@dataclass(frozen=True)
class Window:
    """What is counted, and in how long a window. A window begins with its first count."""

    key: str
    seconds: int


class Counter:
    """Counts in windows. Never raises for a Redis that is away."""

    def __init__(self, redis: Redis) -> None:
        self._together = RedisStorage("redis://", connection_pool=redis.connection_pool)
        self._here = MemoryStorage()

    def count(self, window: Window) -> int:
        """One more, and how many there are then. One call of Redis."""
        return self._ask(lambda storage: storage.incr(window.key, window.seconds))

    def seconds_left(self, window: Window) -> int:
        """Until the window ends, and the next count begins another."""
        return max(0, round(self._ask(lambda storage: storage.get_expiry(window.key)) - time.time()))

    def _ask(self, ask: Callable[[Storage], Answer]) -> Answer:
        try:
            return ask(self._together)
        except RedisError:
            return ask(self._here)
