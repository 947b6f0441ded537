"""The brief lock on one conversation: the queue at the landing's door.

Owns its name, its times and what happens when Redis is away; whoever leaves wakes the readers of the event streams.
Must not decide anything: with the lock lost, expired or never had, the version in the landing's statement decides:
tests/concurrency/test_landing.py::test_expired_lock, ::test_without_redis.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from redis import Redis
from redis.exceptions import LockError, LockNotOwnedError, NoScriptError, RedisError
from redis.lock import Lock

from inbox.wake import CHANNEL, Waker

LOCK_TTL_SECONDS = 5.0  # 100 times a slow landing; a killed worker blocks its conversation no longer
LOCK_WAIT_SECONDS = 2.0  # then land without: the version decides
LOCK_SLEEP_SECONDS = 0.002  # redis-py's default of 0.1 s would put every loser of a race a tenth of a second behind


class WakingLock(Lock):
    """redis-py's lock, whose release wakes the readers in the same call. A wake-up too many does no harm."""

    def do_release(self, expected_token: Any) -> None:
        """Release it if it is still ours. Raises LockNotOwnedError, and RedisError for a Redis that is away."""
        script: Any = self.lua_release
        with self.redis.pipeline(transaction=False) as together:
            together.evalsha(script.sha, 1, self.name, expected_token)
            together.publish(CHANNEL, b"")
            released, _ = together.execute(raise_on_error=False)
        if isinstance(released, NoScriptError):  # the first of this Redis's life
            super().do_release(expected_token)
        elif isinstance(released, RedisError):
            raise released
        elif not released:
            raise LockNotOwnedError("expired under way", self.name)  # type: ignore[no-untyped-call]  # redis-py's own


@contextmanager
def conversation_lock(redis: Redis | None, conversation_id: int) -> Iterator[float | None]:
    """Hold the conversation's lock; yields the milliseconds waited, or None where it goes on without the lock."""
    started = time.perf_counter()
    lock = _acquired(redis, conversation_id)
    try:
        yield None if lock is None else (time.perf_counter() - started) * 1000
    finally:
        if lock is not None:
            with suppress(LockError, RedisError):  # expired or gone: whoever holds it now keeps it
                lock.release()
        elif redis is not None:
            Waker(redis)()


def _acquired(redis: Redis | None, conversation_id: int) -> Lock | None:
    if redis is None:
        return None
    lock = redis.lock(
        f"tandem:conversation:{conversation_id}",
        timeout=LOCK_TTL_SECONDS,
        sleep=LOCK_SLEEP_SECONDS,
        blocking_timeout=LOCK_WAIT_SECONDS,
        lock_class=WakingLock,
    )
    try:
        return lock if lock.acquire(token=secrets.token_hex(16)) else None
    except RedisError:
        return None
