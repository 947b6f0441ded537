"""Which agents are here: those with an inbox page open in the last minute.

Owns its keys in Redis. May vanish: without Redis nobody counts as here, so that the responder answers.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import cast

from redis import Redis
from redis.exceptions import RedisError

HERE_SECONDS = 45  # a page says so every 15 s; two beats may be missed


class Presence:
    """Who is here, by project."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def beat(self, project_id: int, agent_id: int) -> None:
        """This agent is here now."""
        key = self._key(project_id)
        with suppress(RedisError):
            self._redis.zadd(key, {str(agent_id): time.time()})
            self._redis.expire(key, HERE_SECONDS * 4)

    def here(self, project_id: int) -> set[int]:
        """The ids of the agents who are here."""
        try:
            since = time.time() - HERE_SECONDS
            found = cast(list[bytes], self._redis.zrangebyscore(self._key(project_id), since, "+inf"))
            return {int(agent) for agent in found}
        except RedisError:
            return set()

    @staticmethod
    def _key(project_id: int) -> str:
        return f"tandem:here:{project_id}"

    def answers(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(self._redis.ping())
        except RedisError:
            return False
