"""The client of Redis: whose connections were cut meanwhile, and which script it knows."""

from __future__ import annotations

import os
import select
import time
from dataclasses import replace
from typing import Any

import pytest
from redis.exceptions import ConnectionError

import inbox.redis
from inbox.access import Agent
from inbox.company import Company
from inbox.presence import Presence
from inbox.redis import Call, Unheard, redis_client
from inbox.settings import Settings
from tests.product import wait_for


def test_a_connection_that_was_cut_is_opened_again(settings: Settings) -> None:
    redis: Any = redis_client(str(settings.redis_url))
    call = Call(redis, "return redis.call('INCR', KEYS[1])")
    assert call(["met"], []) == 1
    cut_all(settings)
    assert call(["met"], []) == 2
    cut_all(settings)
    assert redis.get("met") == b"2"
    cut_all(settings)
    with redis.pipeline() as together:
        assert together.incr("met").get("met").execute() == [3, b"3"]


def test_an_answer_that_nobody_read_is_not_the_next_ones(settings: Settings) -> None:
    redis: Any = redis_client(str(settings.redis_url))
    connection = redis.connection_pool.get_connection()
    connection.send_command("ECHO", "whoever left")
    assert select.select([connection._sock], [], [], 5)[0]
    redis.connection_pool.release(connection)
    assert redis.echo("mine") == b"mine"


def test_a_script_is_told_to_a_redis_that_does_not_know_it(settings: Settings) -> None:
    redis: Any = redis_client(str(settings.redis_url))
    call = Call(redis, "return {KEYS[1], ARGV[1], #KEYS}")
    for _ in range(2):
        assert call(["a", "b"], [7]) == [b"a", b"7", 2]
    redis.script_flush()
    assert call(["c"], [8]) == [b"c", b"8", 1]


def test_a_connection_is_used_again_but_not_by_two_processes(settings: Settings) -> None:
    redis: Any = redis_client(str(settings.redis_url))
    pool = redis.connection_pool
    one = pool.get_connection()
    pool.release(one)
    assert pool.get_connection() is one
    other = pool.get_connection()
    assert other is not one
    pool.release(other)
    forked = os.fork()
    if not forked:
        os._exit(0 if pool.get_connection() is not other else 1)
    assert os.waitpid(forked, 0)[1] == 0


def test_what_is_told_unheard_is_not_waited_for(settings: Settings) -> None:
    redis: Any = redis_client(str(settings.redis_url), patience_seconds=0.2)  # an answer that is waited for would fail
    tell = Unheard(redis)
    tell("INCR", "met")
    connected = connections(redis)
    redis.client_pause(60_000, all=False)  # of what writes
    try:
        tell("INCR", "met")
        tell("NO", "such command")
        tell("INCR", "met")
    finally:
        redis.client_unpause()
    wait_for("what was told", lambda: redis.get("met") == b"3")
    assert connections(redis) == connected, "one that nobody answers on is used again"


def test_who_is_told_unheard_and_was_cut_is_met_again(settings: Settings) -> None:
    redis: Any = redis_client(str(settings.redis_url))
    tell = Unheard(redis)
    tell("INCR", "met")
    wait_for("what was told", lambda: redis.get("met") == b"1")
    cut_all(settings)
    tell("INCR", "met")
    wait_for("what was told", lambda: redis.get("met") == b"2")
    with pytest.raises(ConnectionError):
        Unheard(redis_client("redis://127.0.0.1:1"))("INCR", "met")


def test_a_redis_that_must_answer_is_told_on_one_connection_too(settings: Settings) -> None:
    """As one whose host lends it with few rights."""
    redis: Any = redis_client(str(settings.redis_url))
    redis.acl_setuser(
        "few", enabled=True, nopass=True, keys=["*"], categories=["+@all"], commands=["-client|reply"], channels=["*"]
    )
    try:
        lent: Any = redis_client(str(settings.redis_url))
        lent.connection_pool.connection_kwargs |= {"username": "few", "password": "any"}
        tell = Unheard(lent)
        tell("INCR", "met")
        wait_for("what was told", lambda: redis.get("met") == b"1")
        connected = connections(redis)
        for _ in range(20):
            tell("NO", "such command")
            tell("INCR", "met")
        wait_for("what was told", lambda: redis.get("met") == b"21")
        assert connections(redis) == connected
        cut_all(settings)
        tell("INCR", "met")
        wait_for("what was told", lambda: redis.get("met") == b"22")
    finally:
        redis.acl_deluser("few")


def test_what_has_time_is_told_with_the_next_or_once_enough_wait(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox.redis, "TOGETHER", 3)
    redis: Any = redis_client(str(settings.redis_url))
    tell = Unheard(redis)
    tell("INCR", "met")
    wait_for("the first", lambda: redis.get("met") == b"1")
    tell.later("APPEND", "order", "a")
    tell.later("APPEND", "order", "b")
    assert redis.get("order") is None
    tell("APPEND", "order", "c")
    wait_for("both, and the one that they waited for", lambda: redis.get("order") == b"abc")
    for letter in "def":
        tell.later("APPEND", "order", letter)
    wait_for("those that nobody came for", lambda: redis.get("order") == b"abcdef")


def connections(redis: Any) -> set[str]:
    """Redis's names for those that it has now."""
    return {one["id"] for one in redis.client_list()}


def cut_all(settings: Settings) -> None:
    """As a restart does: every other connection ends."""
    redis_client(str(settings.redis_url)).client_kill_filter(_type="normal", skipme=True)


def test_who_is_here_does_not_depend_on_the_clocks_of_machines(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One whose clock is wrong by an hour, either way, has the same people as the others."""
    right = time.time
    for wrong_by in (-3600, 3600):
        redis = redis_client(redis_url)
        redis.flushall()
        ana = Agent(10, "Ana", "ana@example.com", 1, "agent")
        monkeypatch.setattr(time, "time", lambda by=wrong_by: right() + by)
        Presence(redis).beat(1, 10)
        Presence(redis).act(1, 10)
        Company(redis).come(ana, 7, "typing")
        monkeypatch.setattr(time, "time", right)
        assert Presence(redis).here(1) == Presence(redis).active(1) == {10}
        there = Company(redis).come(replace(ana, id=11, name="Ben"), 7, "viewing")
        assert there == [{"id": 10, "name": "Ana", "doing": "typing"}]
        monkeypatch.setattr(time, "time", lambda by=wrong_by: right() + by)
        assert Presence(redis).here(1) == {10}
        monkeypatch.setattr(time, "time", right)
