"""Whether Redis takes anything. One that is full (maxmemory with noeviction), or a copy of another, answers whoever
asks, and refuses whatever is to be kept.

Owns the key that is written to know it.
"""

from __future__ import annotations

from redis import Redis

KEY = "tandem:probe"
KEPT_SECONDS = 60


def probe(redis: Redis) -> None:
    """Raises RedisError where Redis is away, or takes nothing."""
    redis.set(KEY, b"", ex=KEPT_SECONDS)
