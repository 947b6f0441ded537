"""The brief lock on one conversation: the queue at the landing's door.

Owns its name, its times and what happens when Redis is away; whoever leaves wakes the readers of the event streams.
Must not decide anything: with the lock lost, expired or never had, the version in the landing's statement decides (I4):
tests/concurrency/test_landing.py::test_expired_lock, ::test_without_redis.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from redis import Redis
from redis.exceptions import LockError, RedisError
from redis.lock import Lock

from inbox.wake import CHANNEL, Waker

LOCK_TTL_SECONDS = 5.0  # 100 times a slow landing; a killed worker blocks its conversation no longer
LOCK_WAIT_SECONDS = 2.0  # then land without: the version decides
# About a landing on a busy machine: half as long, and eight who wait cost as much as the one who lands; redis-py's
# default of 0.1 s would put every loser of a race a tenth of a second behind.
LOCK_SLEEP_SECONDS = 0.004


class WakingLock(Lock):
    """redis-py's lock, whose release wakes the readers in the same call. A wake-up too many does no harm."""

    LUA_RELEASE_SCRIPT = f"redis.call('publish', '{CHANNEL}', '')" + Lock.LUA_RELEASE_SCRIPT
    lua_release = None  # its own, not the one that is registered for Lock


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
