"""The breaker that workers share: what one has found out the other knows, and without Redis each goes by itself."""

from __future__ import annotations

import pytest
from redis import Redis

from inbox.redis import redis_client
from jobs import breaker as shared
from jobs.breaker import SharedBreaker
from responder.breaker import FAILURES_TO_OPEN, LocalBreaker

NAME = "https://user:password@models.example/v1"


@pytest.fixture
def redis(redis_url: str) -> Redis:
    return redis_client(redis_url)


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """An open breaker allows a try after 50 ms, and another after 10 s."""
    monkeypatch.setattr(shared, "OPEN_SECONDS", 0.05)
    monkeypatch.setattr(shared, "PROBE_SECONDS", 10.0)


def fail(*breakers: SharedBreaker) -> None:
    """So many failures as it takes, from each in turn."""
    for number in range(FAILURES_TO_OPEN):
        breakers[number % len(breakers)].failed(NAME)


def until_allowed(breaker: SharedBreaker) -> None:
    while not breaker.allows(NAME):
        pass


def test_two_workers_open_it_together(redis: Redis) -> None:
    one, two = SharedBreaker(redis), SharedBreaker(redis)
    fail(one, two)
    assert (one.allows(NAME), two.allows(NAME)) == (False, False)
    assert SharedBreaker(redis).allows("https://other.example/v1")
    assert SharedBreaker(redis).allows(NAME) is False, "a worker that starts knows it too"


def test_one_worker_tries_for_all(redis: Redis, soon: None) -> None:
    one, two = SharedBreaker(redis), SharedBreaker(redis)
    fail(one)
    until_allowed(one)
    assert (one.allows(NAME), two.allows(NAME)) == (False, False)
    one.succeeded(NAME)
    assert (one.allows(NAME), two.allows(NAME)) == (True, True)


def test_a_try_that_fails_opens_it_for_all(redis: Redis, soon: None, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = SharedBreaker(redis), SharedBreaker(redis)
    fail(one)
    until_allowed(one)
    monkeypatch.setattr(shared, "OPEN_SECONDS", 10.0)
    one.failed(NAME)
    assert (one.allows(NAME), two.allows(NAME)) == (False, False)


def test_no_address_is_in_redis(redis: Redis) -> None:
    fail(SharedBreaker(redis))
    keys = list(redis.scan_iter())
    assert keys
    assert not any(b"password" in key or b"example" in key for key in keys)


def test_what_redis_forgets_is_forgotten(redis: Redis) -> None:
    breaker = SharedBreaker(redis)
    fail(breaker)
    redis.flushall()
    assert breaker.allows(NAME)


def test_without_redis() -> None:
    """Each process goes by its own memory; broken: with no local memory it would try for ever."""
    nowhere = redis_client("redis://127.0.0.1:1/0", patience_seconds=0.1)
    one, two = SharedBreaker(nowhere), SharedBreaker(nowhere, LocalBreaker())
    fail(one)
    assert one.allows(NAME) is False
    assert two.allows(NAME) is True
    one.succeeded(NAME)
    assert one.allows(NAME) is True
