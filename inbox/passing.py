"""Signs that pass by and are kept nowhere: who looks at a conversation, who types, a reply while it is written.

Owns their form and the Redis channel. They may vanish at any time and nothing is missing then. Must not carry what has
to arrive. Visitors see those of FOR_VISITORS and no other:
tests/integration/test_passing.py::test_no_visitor_sees_a_sign.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

CHANNEL = "tandem:passing"
FOR_VISITORS = frozenset({"agent_typing"})  # each is for nobody else, and says nothing but itself: not who, not what


@dataclass(frozen=True)
class Sign:
    """One sign for the pages of a project: of those that watch a conversation, or of one agent, where these are set."""

    project_id: int
    name: str
    data: Mapping[str, Any] = field(default_factory=dict)
    conversation_id: int | None = None
    agent_id: int | None = None

    @property
    def is_for_visitor(self) -> bool:
        """Whether the conversation's visitor sees it, and no agent."""
        return self.name in FOR_VISITORS

    def encode(self) -> bytes:
        """As it goes through Redis: whom it is for in front, so that a process nobody watches in reads no further."""
        head = f"{self.project_id} {self.conversation_id or 0} {self.agent_id or 0} {self.name} "
        return (head + json.dumps(self.data)).encode()

    def frame(self) -> bytes:
        """As an open stream carries it: without an id, so that nobody ever resumes from it."""
        return f"event: live.{self.name}\ndata: {json.dumps(self.data)}\n\n".encode()


def decode(payload: bytes) -> Sign | None:
    """The sign of a payload, or None for what is none."""
    try:
        project, conversation, agent, name, data = payload.decode().split(" ", 4)
        return Sign(int(project), name, json.loads(data), int(conversation) or None, int(agent) or None)
    except ValueError:
        return None


def tell(redis: Redis, *signs: Sign) -> None:
    """Send signs to every web process; silently not, where Redis is away."""
    with suppress(RedisError):
        pipeline = redis.pipeline(transaction=False)
        for sign in signs:
            pipeline.publish(CHANNEL, sign.encode())
        pipeline.execute()
