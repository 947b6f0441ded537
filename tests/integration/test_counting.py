"""Counting in a window: together in Redis, and each process for itself while it is away."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from redis.exceptions import ConnectionError, TimeoutError

from inbox.counting import Counter, Window
from inbox.redis import redis_client
from inbox.settings import Settings


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
        assert [counter.count(windows) for _ in range(3)] == [[1], [2], [3]]
        assert counter.seconds_left(windows[0]) > 50
    assert counter.count(windows) == [3]


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


@contextmanager
def away(redis: Any) -> Iterator[None]:
    """No connection of this client's reaches Redis."""

    def refuse(*_: Any, **__: Any) -> None:
        raise ConnectionError("away")

    redis.connection_pool.get_connection, before = refuse, redis.connection_pool.get_connection
    yield
    redis.connection_pool.get_connection = before
