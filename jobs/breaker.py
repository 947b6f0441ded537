"""The circuit breaker that all workers share: what one finds out about a model's server, the others need not.

Owns its keys in Redis. While Redis is away each process goes by what it has seen itself
(tests/integration/test_breaker.py::test_without_redis); nothing waits for Redis for longer than its client does.
"""

from __future__ import annotations

import hashlib
import time
from functools import cache

from redis import Redis
from redis.exceptions import RedisError

from inbox.redis import Call, redis_client
from responder.breaker import FAILURES_TO_OPEN, OPEN_SECONDS, PROBE_SECONDS, LocalBreaker

HINT_SECONDS = 0.5  # a turn does without what Redis would say of a model's server sooner than it waits for it
REDIS_AWAY_SECONDS = 5.0  # how long Redis is not asked again after it did not answer
FORGOTTEN_SECONDS = 600  # failures longer ago than this are of another outage

# `rested` stays behind `closed`: whoever comes between the two is a careful try, one at a time.
ALLOWS = """
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
if redis.call('EXISTS', KEYS[2]) == 0 then return 1 end
return redis.call('SET', KEYS[1], 'probe', 'NX', 'PX', ARGV[1]) and 1 or 0
"""
FAILED = """
local failures = redis.call('INCR', KEYS[3])
redis.call('EXPIRE', KEYS[3], ARGV[3])
if redis.call('EXISTS', KEYS[2]) == 1 or failures >= tonumber(ARGV[1]) then
    redis.call('SET', KEYS[1], 'open', 'PX', ARGV[2])
    redis.call('SET', KEYS[2], '1', 'EX', ARGV[3])
    redis.call('DEL', KEYS[3])
end
return failures
"""


class SharedBreaker:
    """Implements responder.breaker.Breaker over Redis, with a LocalBreaker beside it."""

    def __init__(self, redis: Redis, local: LocalBreaker | None = None) -> None:
        self._redis = redis
        self._local = local or LocalBreaker()
        self._allows = Call(redis, ALLOWS)
        self._failed = Call(redis, FAILED)
        self._away_until = 0.0

    @classmethod
    def at(cls, url: str) -> SharedBreaker:
        """One with a client of its own, which waits no longer than HINT_SECONDS."""
        return cls(redis_client(url, patience_seconds=HINT_SECONDS))

    def allows(self, endpoint: str) -> bool:
        """Whether a call is worth trying now."""
        if not self._redis_is_away():
            try:
                return bool(self._allows(_keys(endpoint), [int(PROBE_SECONDS * 1000)]))
            except RedisError:
                self._note_away()
        return self._local.allows(endpoint)

    def failed(self, endpoint: str) -> None:
        """Count a failure, here and for all."""
        self._local.failed(endpoint)
        if not self._redis_is_away():
            try:
                arguments = [FAILURES_TO_OPEN, int(OPEN_SECONDS * 1000), FORGOTTEN_SECONDS]
                self._failed(_keys(endpoint), arguments)
            except RedisError:
                self._note_away()

    def succeeded(self, endpoint: str) -> None:
        """Forget what was before, here and for all."""
        self._local.succeeded(endpoint)
        if not self._redis_is_away():
            try:
                self._redis.delete(*_keys(endpoint))
            except RedisError:
                self._note_away()

    def _redis_is_away(self) -> bool:
        return time.monotonic() < self._away_until

    def _note_away(self) -> None:
        self._away_until = time.monotonic() + REDIS_AWAY_SECONDS


@cache
def _keys(endpoint: str) -> list[str]:
    """Digests, for an address may hold a password; in one hash slot, for a script's keys must share it."""
    name = hashlib.sha256(endpoint.encode()).hexdigest()[:24]
    return [f"tandem:model:{{{name}}}:{part}" for part in ("closed", "rested", "failures")]
