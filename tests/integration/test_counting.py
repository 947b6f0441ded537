"""Counting in a window: together in Redis, and each process for itself while it is away."""

from __future__ import annotations

from typing import Any

import pytest

from inbox import counting
from inbox.counting import Count, Counter, Window
from inbox.redis import redis_client
from inbox.settings import Settings


def test_processes_count_together_and_all_keys_in_one_call(settings: Settings) -> None:
    redis: Any = redis_client(str(settings.redis_url))
    one, other = Counter(redis), Counter(redis)
    assert one([Window("a", 60), Window("b", 5)]) == [Count(1, 60), Count(1, 5)]
    before = _commands(redis)
    assert [count.used for count in other([Window("b", 5), Window("a", 60)])] == [2, 2]
    assert _commands(redis) - before == 1
    assert 0 < redis.ttl("b") <= 5 < redis.ttl("a") <= 60


def test_while_redis_is_away_it_counts_here_and_leaves_it_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    away = redis_client("redis://127.0.0.1:1")
    counter, tried = Counter(away, lambda: now[0]), []
    script = counter._script

    def watched(*given: Any) -> Any:
        tried.append(given)
        return script(*given)

    monkeypatch.setattr(counter, "_script", watched)
    window = Window("a", 60)
    assert [counter([window])[0] for _ in range(3)] == [Count(1, 60), Count(2, 60), Count(3, 60)]
    assert len(tried) == 1
    now[0] += counting.AWAY_SECONDS
    assert counter([window])[0].used == 4
    assert len(tried) == 2
    now[0] += 60
    assert counter([window])[0] == Count(1, 60)


def _commands(redis: Any) -> int:
    return int(redis.info("commandstats")["cmdstat_evalsha"]["calls"])
