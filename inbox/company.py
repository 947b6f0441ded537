"""Who looks at a conversation beside oneself, who of them types, and what its visitor does.

Owns its keys in Redis. May vanish: nobody is said to be there then. Must not decide anything by it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from redis import Redis
from redis.exceptions import RedisError

from inbox import passing, receipts, run_progress
from inbox.access import Agent
from inbox.passing import Sign
from inbox.redis import clock

Doing = Literal["viewing", "typing", "left"]
THERE_SECONDS = 40  # a page says so every 15 s; two may be missed
TYPING_SECONDS = 8  # a page that types says so every 4 s


class Company:
    """The agents at each conversation."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def come(self, who: Agent, conversation_id: int, doing: Doing) -> list[dict[str, Any]]:
        """Say what this agent does there; returns the others. Those who watch hear of it where something changed."""
        key = self._key(who.project_id, conversation_id)
        try:
            at = clock(self._redis)
            told = json.dumps({"id": who.id, "name": who.name, "doing": doing, "at": at})
            before = self._there(key, at)
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hdel(key, str(who.id)) if doing == "left" else pipeline.hset(key, str(who.id), told)
            pipeline.expire(key, THERE_SECONDS * 2)
            pipeline.execute()
            now = self._there(key, at)
        except RedisError:
            return []
        if now != before or doing == "typing":
            self._tell(who.project_id, conversation_id, now)
        return [one for one in now if one["id"] != who.id]

    def _there(self, key: str, at: float) -> list[dict[str, Any]]:
        """Who is there by the last that each said; a page that vanished without a word is believed for a while."""
        found = []
        for told in self._redis.hgetall(key).values():  # type: ignore[union-attr]  # redis-py types it for asyncio too
            one = json.loads(told)
            age = at - one["at"]
            if age < THERE_SECONDS:
                typing = one["doing"] == "typing" and age < TYPING_SECONDS
                found.append({"id": one["id"], "name": one["name"], "doing": "typing" if typing else "viewing"})
        return sorted(found, key=lambda one: (one["name"], one["id"]))

    def _tell(self, project_id: int, conversation_id: int, people: list[dict[str, Any]]) -> None:
        data = {"conversation_id": conversation_id, "people": people}
        passing.tell(self._redis, Sign(project_id, "people", data, conversation_id))

    def visitor_types(self, project_id: int, conversation_id: int) -> None:
        """The visitor of the conversation is typing now."""
        sign = Sign(project_id, "visitor_typing", {"conversation_id": conversation_id}, conversation_id)
        passing.tell(self._redis, sign)

    def agent_types(self, project_id: int, conversation_id: int) -> None:
        """An agent is writing to the visitor of the conversation now. Never told of a note."""
        sign = Sign(project_id, "agent_typing", {"conversation_id": conversation_id}, conversation_id)
        passing.tell(self._redis, sign)

    def visitor_saw(self, project_id: int, conversation_id: int, message_id: int) -> None:
        """The visitor has the message before their eyes, and all before it."""
        if receipts.keep(self._redis, conversation_id, message_id):
            sign = Sign(project_id, "visitor_saw", {"conversation_id": conversation_id}, conversation_id)
            passing.tell(self._redis, sign)

    def saw_last_word(self, conversation: Mapping[str, Any]) -> datetime | None:
        """When the visitor saw the newest message that is for them; None where they have not, or wrote it."""
        return receipts.of_last_word(self._redis, conversation)

    def progress(self, conversation_id: int, live_turn: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """How far the live turn was when it last said so, or None."""
        return run_progress.last(self._redis, conversation_id, live_turn)

    def tell(self, *signs: Sign) -> None:
        """Send signs to open pages."""
        passing.tell(self._redis, *signs)

    @staticmethod
    def _key(project_id: int, conversation_id: int) -> str:
        return f"tandem:company:{project_id}:{conversation_id}"
