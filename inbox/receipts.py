"""That the visitor of a conversation has had its messages before their eyes, up to one, and when.

Owns that in Redis. May vanish: no page says then that they have. Must not decide anything by it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

KEPT_SECONDS = 30 * 86_400  # nobody wonders for longer


def keep(redis: Redis, conversation_id: int, message_id: int) -> bool:
    """They have seen it now; whether that is news. What they saw first counts, however often they come back to it."""
    try:
        if _kept(redis, conversation_id).get("message_id", 0) >= message_id:
            return False
        told = json.dumps({"message_id": message_id, "at": time.time()})
        redis.set(_key(conversation_id), told, ex=KEPT_SECONDS)
    except RedisError:
        return False
    return True


def of_last_word(redis: Redis, conversation: Mapping[str, Any]) -> datetime | None:
    """When the visitor saw the newest public message, where that is not their own."""
    if conversation["last_author"] not in ("agent", "responder"):
        return None
    try:
        kept = _kept(redis, conversation["id"])
    except RedisError:
        return None
    saw = kept.get("message_id", 0) >= conversation["last_message_id"]
    return datetime.fromtimestamp(kept["at"], UTC) if saw else None


def _kept(redis: Redis, conversation_id: int) -> dict[str, Any]:
    kept = redis.get(_key(conversation_id))
    found: dict[str, Any] = json.loads(kept) if isinstance(kept, bytes | str) else {}
    return found


def _key(conversation_id: int) -> str:
    return f"tandem:visitor-saw:{conversation_id}"
