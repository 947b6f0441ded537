"""The conversation's lock: one at a time, never for ever, and nothing breaks without Redis."""

from __future__ import annotations

from typing import Any, cast

import pytest
from fakeredis import FakeRedis, FakeServer

from inbox.wake import CHANNEL
from jobs import lock
from jobs.lock import conversation_lock

KEY = "tandem:conversation:7"


def test_held_and_released() -> None:
    redis = FakeRedis()
    with conversation_lock(redis, 7) as waited_ms:
        assert waited_ms is not None
        assert waited_ms >= 0
        assert redis.exists(KEY)
        assert 0 < cast(int, redis.pttl(KEY)) <= lock.LOCK_TTL_SECONDS * 1000
    assert not redis.exists(KEY)


def test_whoever_leaves_wakes_the_readers() -> None:
    redis: Any = FakeRedis()
    listening = redis.pubsub(ignore_subscribe_messages=True)
    listening.subscribe(CHANNEL)
    listening.get_message(timeout=30)
    for _ in range(2):  # the script is not there, and is
        with conversation_lock(redis, 7):
            assert listening.get_message() is None
        assert listening.get_message(timeout=30) is not None
        assert not redis.exists(KEY)


def test_each_conversation_has_its_own() -> None:
    redis = FakeRedis()
    with conversation_lock(redis, 7), conversation_lock(redis, 8) as waited_ms:
        assert waited_ms is not None


def test_released_when_the_landing_raises() -> None:
    redis = FakeRedis()
    try:
        with conversation_lock(redis, 7):
            raise RuntimeError("the database went away")
    except RuntimeError:
        pass
    assert not redis.exists(KEY)


def test_another_holder_is_waited_for_and_then_gone_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "LOCK_WAIT_SECONDS", 0.01)
    redis = FakeRedis()
    redis.set(KEY, "somebody else's token")
    with conversation_lock(redis, 7) as waited_ms:
        assert waited_ms is None
    assert redis.get(KEY) == b"somebody else's token"


def test_an_expired_lock_that_another_took_is_left_to_them() -> None:
    redis = FakeRedis()
    with conversation_lock(redis, 7):
        redis.set(KEY, "the next holder's token")
    assert redis.get(KEY) == b"the next holder's token"


def test_without_redis_it_goes_on() -> None:
    with conversation_lock(None, 7) as waited_ms:
        assert waited_ms is None
    server = FakeServer()
    server.connected = False
    with conversation_lock(FakeRedis(server=server), 7) as waited_ms:
        assert waited_ms is None


def test_redis_lost_while_held() -> None:
    server = FakeServer()
    with conversation_lock(FakeRedis(server=server), 7) as waited_ms:
        assert waited_ms is not None
        server.connected = False
