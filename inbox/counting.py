"""Counting within a window of time: in Redis, where all processes count together.

Owns which of the limits library's storages counts. While Redis is away each process counts for itself; how long anybody
waits for it is redis.py's. Must not refuse anybody: limits.py does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar, cast

from limits.storage import MemoryStorage, RedisStorage
from redis import Redis
from redis.exceptions import RedisError

from inbox.redis import Call

Answer = TypeVar("Answer")

# KEYS: of windows; ARGV: the seconds of each.
EACH = """
local counts = {}
for number, key in ipairs(KEYS) do
    counts[number] = redis.call('INCR', key)
    if counts[number] == 1 then redis.call('EXPIRE', key, ARGV[number]) end
end
return counts
"""


@dataclass(frozen=True)
class Window:
    """What is counted, and in how long a window. A window begins with its first count."""

    key: str
    seconds: int


class Counter:
    """Counts in windows. Never raises for a Redis that is away."""

    def __init__(self, redis: Redis) -> None:
        self._together = _Together("redis://", connection_pool=redis.connection_pool)
        self._here = MemoryStorage()

    def count(self, windows: Sequence[Window]) -> list[int]:
        """One more in each, and how many there are then. One call of Redis."""
        return self._ask(
            lambda: self._together.each(windows),
            lambda: [self._here.incr(window.key, window.seconds) for window in windows],
        )

    def seconds_left(self, window: Window) -> int:
        """Until the window ends, and the next count begins another."""
        ends = self._ask(lambda: self._together.get_expiry(window.key), lambda: self._here.get_expiry(window.key))
        return max(0, round(ends - time.time()))

    def forget(self, window: Window) -> None:
        """Nothing was counted in it."""
        self._ask(lambda: self._together.clear(window.key), lambda: self._here.clear(window.key))

    def _ask(self, together: Callable[[], Answer], here: Callable[[], Answer]) -> Answer:
        try:
            return together()
        except RedisError:
            return here()


class _Together(RedisStorage):
    """The library's storage, which in one call counts in several windows."""

    def each(self, windows: Sequence[Window]) -> list[int]:
        """As `incr` for each of them."""
        keys = [self.prefixed_key(window.key) for window in windows]
        return cast(list[int], self._each(keys, [window.seconds for window in windows]))

    @cached_property
    def _each(self) -> Call:
        return Call(self.storage, EACH)
