"""Counting in a window: together in Redis, and each process for itself while it is away."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from redis.exceptions import ConnectionError, TimeoutError

from inbox import counting
from inbox.counting import Counter, Window
from inbox.redis import Unheard, redis_client
from inbox.settings import Settings
from tests.product import wait_for


def test_processes_count_together(settings: Settings) -> None:
    redis: Any = redis_client(str(settings.redis_url))
    one, other = Counter(redis), Counter(redis)
    short, long = Window("short", 5), Window("long", 60)
    assert [one.count([short]), other.count([short, long])] == [[1], [2, 1]]
    assert 0 < one.seconds_left(short) <= 5 < other.seconds_left(long) <= 60


def test_a_redis_that_is_new_counts_each_once(settings: Settings) -> None:
    redis: Any = redis_client(str(settings.redis_url))
    counter, windows = Counter(redis), [Window("one", 60), Window("other", 60)]
    assert counter.count(windows) == [1, 1]
    redis.script_flush()
    assert counter.count(windows) == [2, 2]


def test_while_redis_is_away_it_counts_here(settings: Settings) -> None:
    redis: Any = redis_client(str(settings.redis_url))
    counter, windows = Counter(redis), [Window("a", 60)]
    assert [counter.count(windows), counter.count(windows)] == [[1], [2]]
    with away(redis):
        assert [counter.count(windows) for _ in range(3)] == [[3], [4], [5]]
        assert counter.seconds_left(windows[0]) > 50
    assert counter.count(windows) == [3]
    with away(redis):
        counter.forget(windows[0])
        assert counter.count(windows) == [1]


def test_of_the_first_few_redis_is_told_and_nobody_asks_it(settings: Settings) -> None:
    redis: Any = redis_client(str(settings.redis_url))
    tell = Unheard(redis)
    one, other = Counter(redis, tell), Counter(redis)
    windows = [Window("few", 60, unasked=2), Window("many", 60, unasked=9)]
    with away(redis):
        assert [one.count(windows) for _ in range(2)] == [[1, 1], [2, 2]]
    tell("PUBLISH", "anything", "")
    wait_for("Redis to hear of both", lambda: redis.get("LIMITS:many") == b"2")
    assert redis.ttl("LIMITS:few") > 50
    assert other.count([replace(windows[0], unasked=0)]) == [3]
    assert one.count(windows) == [4, 3], "the third is asked about"


def test_what_redis_has_not_heard_of_yet_counts(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes a connection's words in the order in which it comes to look at them."""
    redis: Any = redis_client(str(settings.redis_url))
    counter, window = Counter(redis), Window("few", 60, unasked=2)
    with monkeypatch.context() as deaf:
        deaf.setattr(redis.connection_pool, "make_connection", refuse)
        assert [counter.count([window]) for _ in range(2)] == [[1], [2]]
    assert counter.count([window]) == [3]


def test_windows_that_have_ended_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "CLEARED_AT_LEAST", 3)
    here, long = counting.Here(), Window("long", 60)
    assert here.one_more(long) == 1
    assert [here.one_more(Window(f"{number}", 0)) for number in range(20)] == [1] * 20
    assert here.one_more(long) == 2
    assert len(here) <= 4


def test_a_silent_redis_is_waited_for_once_by_whoever_shares_the_client() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        address = f"redis://127.0.0.1:{silent.getsockname()[1]}"
        redis = redis_client(address, patience_seconds=0.3, rest_seconds=600)
        with pytest.raises(TimeoutError):
            redis.ping()
        assert [Counter(redis).count([Window("a", 60)]) for _ in range(20)] == [[1]] * 20
        assert came(silent) == 1, "nobody asked it once more"


def came(silent: socket.socket) -> int:
    """How many connections were made to it."""
    silent.setblocking(False)
    for number in itertools.count():
        try:
            silent.accept()[0].close()
        except BlockingIOError:
            return number
    raise AssertionError


def refuse(*_: Any, **__: Any) -> None:
    """What a Redis says that is away."""
    raise ConnectionError("away")


@contextmanager
def away(redis: Any) -> Iterator[None]:
    """No connection of this client's reaches Redis."""

    redis.connection_pool.get_connection, before = refuse, redis.connection_pool.get_connection
    yield
    redis.connection_pool.get_connection = before
