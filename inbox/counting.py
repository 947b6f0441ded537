"""Counting within a window of time: in Redis, where all processes count together.

Owns who counts. Of some windows Redis is only told at first, and asked once there is something to ask about. While it
is away each process counts for itself; how long anybody waits for it is redis.py's. Must not refuse anybody: limits.py
does.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

from limits.storage import RedisStorage
from redis import Redis
from redis.exceptions import RedisError

from inbox.redis import Call, Unheard

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
CLEARED_AT_LEAST = 1000  # windows that a process keeps before it looks for those that have ended


@dataclass(frozen=True)
class Window:
    """What is counted, and in how long a window. A window begins with its first count.

    Of the first `unasked` that a process counts in it, Redis is told and nobody waits for its answer: what other
    processes counted is then not known, so that each of them may let so many more pass.
    """

    key: str
    seconds: int
    unasked: int = 0


class Counter:
    """Counts in windows. Never raises for a Redis that is away."""

    def __init__(self, redis: Redis, tell: Unheard | None = None) -> None:
        """`tell` is how Redis is told of what nobody asks about, with whatever else it is told."""
        self._together = _Together("redis://", connection_pool=redis.connection_pool)
        self._tell = tell or Unheard(redis)
        self._here = Here()

    def count(self, windows: Sequence[Window]) -> list[int]:
        """One more in each, and how many there are then, as far as it is known. One call of Redis at most."""
        here = [self._here.one_more(window) for window in windows]
        if all(count <= window.unasked for count, window in zip(here, windows, strict=True)):
            with suppress(RedisError):
                self._tell.later(*self._together.told(windows))
            return here
        counts = self._ask(lambda: self._together.each(windows), lambda: here)
        # What it was told may come to its ears after what it is asked.
        return [
            max(count, own) if window.unasked else count
            for count, own, window in zip(counts, here, windows, strict=True)
        ]

    def seconds_left(self, window: Window) -> int:
        """Until the window ends, and the next count begins another."""
        ends = self._ask(lambda: self._together.get_expiry(window.key), lambda: self._here.ends(window))
        return max(0, round(ends - time.time()))

    def forget(self, window: Window) -> None:
        """Nothing was counted in it."""
        self._here.forget(window)
        self._ask(lambda: self._together.clear(window.key), lambda: None)

    def _ask(self, together: Callable[[], Answer], here: Callable[[], Answer]) -> Answer:
        try:
            return together()
        except RedisError:
            return here()


class Here:
    """What this process has counted. The limits library's own storage for it looks through all windows every 10 ms."""

    def __init__(self) -> None:
        self._counts: dict[str, tuple[int, float]] = {}  # and when the window ends
        self._most = CLEARED_AT_LEAST

    def __len__(self) -> int:
        """How many windows it keeps, some of which may have ended."""
        return len(self._counts)

    def one_more(self, window: Window) -> int:
        """Counted, and how many there are then."""
        now = time.time()
        count, ends = self._counts.get(window.key, (0, 0.0))
        if ends <= now:
            count, ends = 0, now + window.seconds
            self._clear(now)
        self._counts[window.key] = count + 1, ends
        return count + 1

    def ends(self, window: Window) -> float:
        """When; in the past for a window in which nothing was counted."""
        return self._counts.get(window.key, (0, 0.0))[1]

    def forget(self, window: Window) -> None:
        """Nothing was counted in it."""
        self._counts.pop(window.key, None)

    def _clear(self, now: float) -> None:
        """Those that have ended, whenever there are twice as many windows as went on the last time."""
        if len(self._counts) < self._most:
            return
        self._counts = {key: counted for key, counted in list(self._counts.items()) if counted[1] > now}
        self._most = max(CLEARED_AT_LEAST, 2 * len(self._counts))


class _Together(RedisStorage):
    """The library's storage, which in one call counts in several windows."""

    def each(self, windows: Sequence[Window]) -> list[int]:
        """As `incr` for each of them."""
        return cast(list[int], self._each(*self._named(windows)))

    def told(self, windows: Sequence[Window]) -> list[Any]:
        """The same as a command."""
        keys, seconds = self._named(windows)
        return ["EVAL", EACH, len(keys), *keys, *seconds]

    def _named(self, windows: Sequence[Window]) -> tuple[list[str], list[int]]:
        return [self.prefixed_key(window.key) for window in windows], [window.seconds for window in windows]

    @cached_property
    def _each(self) -> Call:
        return Call(self.storage, EACH)
