"""The worker's rooms, with real RQ queues: what waits for what, and what never does.

The jobs run in threads of the test's own process, so events of this module hold them.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from rq import Queue, Retry, Worker
from rq.job import Job

import jobs.worker
from jobs.context import Context
from jobs.queue import DELIVERIES, QUEUES, TURNS
from jobs.stopping import Stopping
from jobs.turn_worker import TurnWorker
from tests.product import wait_for

TURNS_AT_ONCE, DELIVERIES_AT_ONCE = 4, 1
SECONDS = 60  # a job that waits so long waits in vain

done: dict[str, threading.Event] = {}
in_vain: list[str] = []
most: dict[str, int] = {}
running: dict[str, int] = {}
guard = threading.Lock()


@pytest.fixture
def queues(redis_url: str) -> dict[str, Queue]:
    for purpose in (TURNS, DELIVERIES):
        done[purpose] = threading.Event()
        most[purpose] = running[purpose] = 0
    in_vain.clear()
    redis = Redis.from_url(redis_url)
    return {name: Queue(name, connection=redis) for name in QUEUES}


def job(purpose: str, waits_for: str | None, then: str | None = None) -> None:
    """A job of a purpose that ends once one of another purpose has been done; `then` enqueues that other."""
    with guard:
        running[purpose] += 1
        most[purpose] = max(most[purpose], running[purpose])
    if then is not None and waits_for is not None:
        Queue(waits_for, connection=Redis.from_url(then)).enqueue(job, waits_for, None)
    if waits_for is not None and not done[waits_for].wait(SECONDS):
        in_vain.append(purpose)
    with guard:
        running[purpose] -= 1
    done[purpose].set()


def failing() -> None:
    """A job that always fails."""
    with guard:
        running[TURNS] += 1
    raise ZeroDivisionError


def fails(*_: object) -> None:
    """Redis, in an outage."""
    raise RedisConnectionError


def starving() -> None:
    """A job after which the system has no thread to give for a while."""
    threading.Timer(0.6, threading.stack_size, [0]).start()
    threading.stack_size(1 << 46)  # more than there is


def beating(url: str) -> None:
    """A job that lasts until the worker, whose rooms are full of such, has said once more that it lives."""
    redis = Redis.from_url(url)

    def said() -> datetime | None:
        (worker,) = Worker.all(connection=redis)
        return worker.last_heartbeat

    before, until = said(), time.monotonic() + SECONDS
    while said() == before and time.monotonic() < until:
        time.sleep(0.02)
    if said() == before:
        in_vain.append(TURNS)


def work(queues: dict[str, Queue]) -> None:
    worker = TurnWorker(list(queues.values()), connection=queues[TURNS].connection, turns=TURNS_AT_ONCE)
    worker.work(burst=True, logging_level="ERROR")


@pytest.mark.parametrize(("full", "other"), [(DELIVERIES, TURNS), (TURNS, DELIVERIES)])
def test_each_purpose_has_its_room(queues: dict[str, Queue], redis_url: str, full: str, other: str) -> None:
    """A job of the other purpose, enqueued when one room is full and a queue before it, is done nevertheless."""
    queues[full].enqueue(job, full, other, redis_url)
    for _ in range(TURNS_AT_ONCE + DELIVERIES_AT_ONCE):
        queues[full].enqueue(job, full, other)
    work(queues)
    assert in_vain == []
    assert most[full] == {TURNS: TURNS_AT_ONCE, DELIVERIES: DELIVERIES_AT_ONCE}[full]
    assert all(queue.is_empty() for queue in queues.values())


def test_visitors_go_first(queues: dict[str, Queue]) -> None:
    """Of what waits in both queues a turn is taken first, though the delivery came before it."""
    order: list[str] = []
    queues[DELIVERIES].enqueue(job, DELIVERIES, None)
    queues[TURNS].enqueue(job, TURNS, None)
    worker = TurnWorker(list(queues.values()), connection=queues[TURNS].connection, turns=TURNS_AT_ONCE)
    for _ in range(2):
        found = worker.dequeue_job_and_maintain_ttl(None)
        assert found is not None
        order.append(found[1].name)
    assert order == [TURNS, DELIVERIES]


def test_what_was_taken_and_not_begun_goes_back(queues: dict[str, Queue]) -> None:
    """As many are taken together as find a place; a stop before they begin leaves the queue as if they never were."""
    ids = [queues[TURNS].enqueue(job, TURNS, None).id for _ in range(TURNS_AT_ONCE + 2)]
    worker = TurnWorker(list(queues.values()), connection=queues[TURNS].connection, turns=TURNS_AT_ONCE)
    found = worker.dequeue_job_and_maintain_ttl(None)
    assert found is not None
    assert found[0].id == ids[0]
    assert queues[TURNS].get_job_ids() == ids[TURNS_AT_ONCE:]
    worker.teardown()
    assert queues[TURNS].get_job_ids() == ids[1:]


def test_what_was_taken_is_not_lost_where_redis_fails_before_it_is_read(
    queues: dict[str, Queue], monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [queues[TURNS].enqueue(job, TURNS, None).id for _ in range(2)]
    worker = TurnWorker(list(queues.values()), connection=queues[TURNS].connection, turns=TURNS_AT_ONCE)
    with monkeypatch.context() as broken:
        broken.setattr(Job, "fetch_many", fails)
        with pytest.raises(RedisConnectionError):
            worker._next_turn()
    assert queues[TURNS].is_empty()
    found = worker.dequeue_job_and_maintain_ttl(None)
    assert found is not None
    assert found[0].id == ids[0]
    worker.teardown()
    assert queues[TURNS].get_job_ids() == ids[1:]


def test_where_no_thread_is_to_be_had_jobs_wait(queues: dict[str, Queue]) -> None:
    """The worker neither ends nor loses the job, nor a place of its room."""
    queues[TURNS].enqueue(starving)
    for _ in range(2):
        queues[TURNS].enqueue(job, TURNS, None)
    worker = TurnWorker(list(queues.values()), connection=queues[TURNS].connection, turns=1)
    worker.work(burst=True, logging_level="ERROR")
    assert (done[TURNS].is_set(), worker.running, queues[TURNS].count) == (True, 0, 0)


def test_a_job_that_fails_is_tried_again_and_then_kept(queues: dict[str, Queue]) -> None:
    """RQ's own retries and its failure registry, with the words of the error."""
    job_id = queues[TURNS].enqueue(failing, retry=Retry(max=2)).id
    for _ in range(3):  # a burst ends with what waits at its beginning
        work(queues)
    assert running[TURNS] == 3
    registry = queues[TURNS].failed_job_registry
    assert registry.get_job_ids() == [job_id]
    kept = queues[TURNS].fetch_job(job_id)
    assert kept is not None
    result = kept.latest_result()
    assert result is not None
    assert "ZeroDivisionError" in str(result.exc_string)
    assert len(queues[TURNS].started_job_registry) == 0


def test_a_worker_whose_rooms_are_full_says_that_it_lives(
    queues: dict[str, Queue], redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.noting.HEARTBEAT_SECONDS", 0.1)
    for purpose, places in ((TURNS, TURNS_AT_ONCE), (DELIVERIES, DELIVERIES_AT_ONCE)):
        for _ in range(places):
            queues[purpose].enqueue(beating, redis_url)
    work(queues)
    assert in_vain == []


def test_a_loop_that_ended_leaves_no_connection(worker: Context, redis_url: str) -> None:
    """Another one begins with its own: a Redis that comes and goes would collect them."""
    redis: Any = Redis.from_url(redis_url)
    stopping = Stopping()
    stopping.ask()
    before = len(redis.client_list())
    jobs.worker._work(worker, stopping)
    wait_for("the end of its connections", lambda: len(redis.client_list()) == before)
