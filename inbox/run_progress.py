"""How far the responder was when it last said so, for a page that is opened in the middle of a turn.

Owns reading that from Redis. May vanish: the page then shows only that a turn is live.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

KEPT_SECONDS = 150  # longer than any model may be silent


def key_of(conversation_id: int) -> str:
    """Where the last word of a conversation's turn is kept."""
    return f"tandem:progress:{conversation_id}"


def last(redis: Redis, conversation_id: int, live_turn: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the live turn said last, or None."""
    if live_turn is None:
        return None
    try:
        kept = redis.get(key_of(conversation_id))
    except RedisError:
        return None
    said: dict[str, Any] = json.loads(kept) if isinstance(kept, bytes | str) else {}
    return said if said.get("turn_id") == live_turn["id"] else None
