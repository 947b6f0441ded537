"""Who is here: those heard of lately, in this project, and nobody when Redis is away."""

from __future__ import annotations

import time

import pytest
from fakeredis import FakeRedis, FakeServer

from inbox import presence
from inbox.presence import Presence
from inbox.wake import CHANNEL, Waker


def test_here_by_project() -> None:
    here = Presence(FakeRedis())
    here.beat(1, 10)
    here.beat(1, 11)
    here.beat(2, 12)
    assert here.here(1) == {10, 11}
    assert here.here(2) == {12}
    assert here.here(3) == set()


def test_gone_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Presence(FakeRedis())
    here.beat(1, 10)
    beaten_at = time.time()
    monkeypatch.setattr(time, "time", lambda: beaten_at + presence.HERE_SECONDS + 1)
    assert here.here(1) == set()


def test_nobody_is_here_without_redis() -> None:
    server = FakeServer()
    here = Presence(FakeRedis(server=server))
    here.beat(1, 10)
    server.connected = False
    here.beat(1, 11)
    assert here.here(1) == set()
    assert not here.answers()


def test_a_wake_up_reaches_who_listens_and_is_silent_without_redis() -> None:
    server = FakeServer()
    redis = FakeRedis(server=server)
    listening = redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
    listening.subscribe(CHANNEL)
    listening.get_message(timeout=30)
    Waker(redis)()
    heard = listening.get_message(timeout=30)
    assert heard is not None
    assert heard["data"] == b""
    server.connected = False
    Waker(FakeRedis(server=server))()
