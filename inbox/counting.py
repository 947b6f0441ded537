"""Counting within a window of time: in Redis, where all processes count together, all keys of a request in one call.

Owns the counts. While Redis is away each process counts for itself. Must not refuse anybody: limits.py does.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from redis import Redis
from redis.exceptions import RedisError

AWAY_SECONDS = 5.0  # how long a Redis that did not answer is left alone, so that not every request waits for it
MOST_HERE = 10_000  # counts of this process before those that are over are forgotten

# A window begins with its first count. KEYS: what is counted. ARGV: the seconds of each window.
COUNT = """
local counts = {}
for place, key in ipairs(KEYS) do
    local used = redis.call('INCR', key)
    if used == 1 then redis.call('EXPIRE', key, ARGV[place]) end
    counts[place * 2 - 1], counts[place * 2] = used, redis.call('TTL', key)
end
return counts
"""


@dataclass(frozen=True)
class Window:
    """What is counted, and in how long a window."""

    key: str
    seconds: int


@dataclass(frozen=True)
class Count:
    """How many there were in the window, this one included, and when it ends."""

    used: int
    seconds_left: int


class Counter:
    """Counts one more in each of the windows."""

    def __init__(self, redis: Redis, clock: Callable[[], float] = time.monotonic) -> None:
        self._script = redis.register_script(COUNT)
        self._clock = clock
        self._here = _Here()
        self._away_until = float("-inf")

    def __call__(self, windows: Sequence[Window]) -> list[Count]:
        """The counts, in the windows' order. Never raises for a Redis that is away."""
        now = self._clock()
        if now >= self._away_until:
            try:
                found = self._script([one.key for one in windows], [one.seconds for one in windows])
                return [Count(found[place], found[place + 1]) for place in range(0, len(found), 2)]
            except RedisError:
                self._away_until = now + AWAY_SECONDS
        return [self._here.count(one, now) for one in windows]


@dataclass
class _Here:
    """The counts of this process."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    counts: dict[str, tuple[int, float]] = field(default_factory=dict)

    def count(self, window: Window, now: float) -> Count:
        with self.lock:
            if len(self.counts) > MOST_HERE:
                self.counts = {key: known for key, known in self.counts.items() if known[1] > now}
            used, until = self.counts.get(window.key, (0, 0.0))
            if until <= now:
                used, until = 0, now + window.seconds
            self.counts[window.key] = (used + 1, until)
        return Count(used + 1, max(1, int(until - now)))
