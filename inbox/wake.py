"""Waking the readers of the event stream after a commit.

Owns the Redis channel. Must not carry data: a wake-up that is lost costs a poll interval, never an event.
"""

from __future__ import annotations

from contextlib import suppress

from redis import Redis
from redis.exceptions import RedisError

CHANNEL = "tandem:wake"


class Waker:
    """Callable: tells every web process that something was committed. Silent when Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def __call__(self) -> None:
        with suppress(RedisError):
            self._redis.publish(CHANNEL, b"")
