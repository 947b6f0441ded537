"""A flood of one project is not in another's way: the line is shared, and nothing is lost on the way into it."""

from __future__ import annotations

from typing import cast

import pytest
from redis import Redis
from rq import Queue
from rq.utils import as_text

from jobs.queue import TURNS, RqTurnQueue
from jobs.sharing import SHARE, SharedQueue, project_of

FLOOD, LONELY = 7, 70  # the one number ends with a digit of the other


@pytest.fixture
def redis(redis_url: str) -> Redis:
    return Redis.from_url(redis_url)


@pytest.fixture
def line(redis: Redis) -> SharedQueue:
    return SharedQueue(TURNS, connection=redis)


def flood(redis: Redis, turns: int, project_id: int = FLOOD, first: int = 0) -> None:
    queue = RqTurnQueue(redis)
    for number in range(turns):
        queue.enqueue(first + number, project_id=project_id)


def taken(line: SharedQueue) -> list[str]:
    """All job ids in the order in which a worker gets them: each one that starts levels."""
    order: list[str] = []
    while (job_id := cast(bytes | None, line.connection.lpop(line.key))) is not None:
        order.append(as_text(job_id))
        line.level()
    return order


def test_a_flood_is_no_wall(redis: Redis, line: SharedQueue) -> None:
    flood(redis, 1000)
    flood(redis, 1, LONELY, first=5000)
    flood(redis, 30, LONELY + 1, first=6000)
    order = taken(line)
    assert [project_of(one) for one in order].index(LONELY) == SHARE, "behind the flood's share and nobody else"
    last = len(order) - 1 - [project_of(one) for one in order][::-1].index(LONELY + 1)
    assert last < 2 * 30 + 2 * SHARE, "the small crowd goes in turns with the flood"


def test_nothing_is_lost_or_doubled_and_a_project_keeps_its_order(redis: Redis, line: SharedQueue) -> None:
    for number in range(60):
        flood(redis, 1, FLOOD if number % 3 else LONELY, first=number)
        if number % 7 == 0:
            line.level()
    order = taken(line)
    assert len(order) == len(set(order)) == 60
    for project_id in (FLOOD, LONELY):
        turns = [int(one.split("-")[1]) for one in order if project_of(one) == project_id]
        assert turns == sorted(turns)


def test_a_job_that_died_before_it_started_holds_nobody_up(redis: Redis, line: SharedQueue) -> None:
    """Workers took the whole line and were killed before any job began: the next level fills it anew."""
    flood(redis, 20)
    redis.delete(line.key)
    assert line.level() == SHARE
    assert line.count == SHARE


def test_rq_sees_every_waiting_job(redis: Redis, line: SharedQueue) -> None:
    """`rq info` adds up the queues; a lane is one as long as something waits in it, and no longer."""
    flood(redis, 20)
    assert {queue.name: queue.count for queue in Queue.all(connection=redis)} == {TURNS: SHARE, "turns-7": 20 - SHARE}
    assert RqTurnQueue(redis).without_job([(0, 0), (19, 0), (20, 0), (19, 1)]) == [(20, 0), (19, 1)]
    taken(line)
    assert {queue.name for queue in Queue.all(connection=redis)} == {TURNS}


def test_what_a_person_asked_for_goes_straight_into_the_line(redis: Redis, line: SharedQueue) -> None:
    flood(redis, 20)
    RqTurnQueue(redis).enqueue(99)
    assert line.get_job_ids()[-1] == "turn-99-0"
