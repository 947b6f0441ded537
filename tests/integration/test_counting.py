"""Counting in a window: together in Redis, and each process for itself while it is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from redis.exceptions import ConnectionError

from inbox import counting
from inbox.counting import Counter, Window
from inbox.redis import redis_client
from inbox.settings import Settings


def test_processes_count_together(settings: Settings) -> None:
    redis: Any = redis_client(str(settings.redis_url))
    one, other = Counter(redis), Counter(redis)
    short, long = Window("short", 5), Window("long", 60)
    assert [one.count(short), other.count(short), other.count(long)] == [1, 2, 1]
    assert 0 < one.seconds_left(short) <= 5 < other.seconds_left(long) <= 60


def test_while_redis_is_away_it_counts_here_and_leaves_it_alone(settings: Settings) -> None:
    now = [1000.0]
    redis: Any = redis_client(str(settings.redis_url))
    counter, window = Counter(redis, lambda: now[0]), Window("a", 60)
    assert [counter.count(window), counter.count(window)] == [1, 2]
    with away(redis) as tried:
        assert [counter.count(window) for _ in range(3)] == [1, 2, 3]
        assert counter.seconds_left(window) > 50
        assert len(tried) == 1
    assert counter.count(window) == 4
    now[0] += counting.AWAY_SECONDS
    assert counter.count(window) == 3


@contextmanager
def away(redis: Any) -> Iterator[list[str]]:
    """No connection of this client's reaches Redis; yields how often one was asked for."""
    tried: list[str] = []

    def refuse(*_: Any, **__: Any) -> None:
        tried.append("asked")
        raise ConnectionError("away")

    redis.connection_pool.get_connection, before = refuse, redis.connection_pool.get_connection
    yield tried
    redis.connection_pool.get_connection = before
