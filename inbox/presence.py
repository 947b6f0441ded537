"""Which agents are here: those with an inbox page open in the last minute.

Owns its keys in Redis. May vanish: without Redis nobody counts as here, so that the responder answers.
"""

from __future__ import annotations

from contextlib import suppress
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

from inbox.redis import clock
from inbox.redis_probe import probe

ACTIVE_SECONDS = 150  # a page whose reader touches it says so every 30 s
HERE_SECONDS = 45  # a page says so every 15 s; two beats may be missed


class Presence:
    """Who is here, by project."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def beat(self, project_id: int, agent_id: int) -> None:
        """This agent is here now."""
        key = self._key(project_id)
        with suppress(RedisError):
            self._redis.zadd(key, {str(agent_id): clock(self._redis)})
            self._redis.expire(key, HERE_SECONDS * 4)

    def here(self, project_id: int) -> set[int]:
        """The ids of the agents who are here."""
        return self._since(self._key(project_id), HERE_SECONDS)

    def act(self, project_id: int, agent_id: int) -> bool:
        """This agent sits before their page now; whether they were away until then."""
        key = self._active_key(project_id)
        with suppress(RedisError):
            before = cast(float | None, self._redis.zscore(key, str(agent_id)))
            now = clock(self._redis)
            self._redis.zadd(key, {str(agent_id): now})
            self._redis.expire(key, ACTIVE_SECONDS * 4)
            return before is None or before < now - ACTIVE_SECONDS
        return False

    def active(self, project_id: int) -> set[int]:
        """The ids of the agents who sat before their page in the last minutes; who is here besides is away."""
        return self._since(self._active_key(project_id), ACTIVE_SECONDS)

    def _since(self, key: str, seconds: float) -> set[int]:
        try:
            found = cast(list[bytes], self._redis.zrangebyscore(key, clock(self._redis) - seconds, "+inf"))
            return {int(agent) for agent in found}
        except RedisError:
            return set()

    @staticmethod
    def _active_key(project_id: int) -> str:
        return f"tandem:active:{project_id}"

    @staticmethod
    def _key(project_id: int) -> str:
        return f"tandem:here:{project_id}"

    def answers(self) -> bool:
        """Whether Redis answers, and takes what it is told."""
        try:
            probe(self._redis)
        except RedisError:
            return False
        return True
