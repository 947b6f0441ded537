"""On whose pages a project's widget was asked for lately, so that a manager sees that the tag works.

Owns its keys in Redis and what this process remembers of them. May vanish: the next page that shows the widget says it
again. What a browser says of its page proves nothing, so nothing else may rest on it.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple, cast

from redis import Redis
from redis.exceptions import RedisError

from inbox.origins import allows, origin

KEPT_SECONDS = 30 * 24 * 3600  # a site that nobody opened for so long has none any more, as far as anybody knows
AGAIN_SECONDS = 60  # every page of a busy site asks; once a minute is enough
MOST_REMEMBERED = 10_000  # projects; then all is forgotten, and said once more


class Placed(NamedTuple):
    """The page's origin, and when it asked last."""

    origin: str
    at: datetime


class Places:
    """Where the widgets are, by project. One for the process."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._told: dict[int, float] = {}

    def ask(self, project_id: int, asking: str, allowed: Collection[str]) -> None:
        """A page of this origin shows the widget, if it is one of those that may."""
        now = time.time()
        if now - self._told.get(project_id, 0) < AGAIN_SECONDS or not allows(allowed, asking):
            return
        with suppress(ValueError, RedisError):
            found = origin(asking)
            if len(self._told) >= MOST_REMEMBERED:
                self._told.clear()
            self._told[project_id] = now  # also where Redis is away: the next page does not wait for it
            self._redis.set(self._key(project_id), f"{now:.0f} {found}", ex=KEPT_SECONDS)

    def newest(self, project_id: int) -> Placed | None:
        """Where it was asked for last; None where nobody knows."""
        try:
            said = cast(bytes | None, self._redis.get(self._key(project_id)))
        except RedisError:
            return None
        if said is None:
            return None
        at, _, found = said.decode().partition(" ")
        return Placed(found, datetime.fromtimestamp(int(at), UTC))

    @staticmethod
    def _key(project_id: int) -> str:
        return f"tandem:placed:{project_id}"
