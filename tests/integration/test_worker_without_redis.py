"""A worker that is told to stop while Redis is away: what it runs without the queue may land as the others may."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from redis import Redis
from rq import Worker

from commands.embedded import RunningServer, start_valkey
from inbox.redis import redis_client
from inbox.services import Services
from inbox.settings import Settings
from jobs.queue import RqTurnQueue
from jobs.turn_worker import POLL_SECONDS
from tests.model_server import Asked, ModelServer, sensible, void
from tests.people import People
from tests.product import ROOT, starting, wait_for

Start = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[RunningServer]:
    """One that may be killed."""
    server = start_valkey(tmp_path)
    yield server
    server.process.kill()
    server.process.wait()


@pytest.fixture
def start(with_model: Settings, valkey: RunningServer) -> Iterator[Start]:
    """Starts a worker; killed at the end if it still runs."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": str(with_model.database_url),
        "REDIS_URL": valkey.url,
        "OPENAI_BASE_URL": str(with_model.openai_base_url),
        "TANDEM_DATA": str(with_model.data),
        "TANDEM_SWEEP_SECONDS": "1",
    }
    with starting(environment) as started:
        yield partial(started, sys.executable, "-m", "commands.worker")


@pytest.fixture
def visitors(services: Services, valkey: RunningServer) -> list[People]:
    queued = replace(services, turn_queue=RqTurnQueue(redis_client(valkey.url)))
    return [People.arrive(queued) for _ in range(3)]


def ended(people: People) -> tuple[str, int]:
    """How the visitor's one turn stands, and how many attempts count against it."""
    (turn,) = people.turns()
    return turn["status"], turn["attempt"] - turn["releases"]


def kill(valkey: RunningServer) -> None:
    valkey.process.kill()
    valkey.process.wait()


def until(free: threading.Event) -> Callable[[Asked], None]:
    """A script that answers once it may."""

    def script(asked: Asked) -> None:
        void(free.wait(60))
        sensible(asked)

    return script


def test_of_the_queue_and_without_it_alike(
    visitors: list[People], start: Start, valkey: RunningServer, model_server: ModelServer
) -> None:
    """One turn came through the queue, two after Redis was lost. Two are answered in time, the third is given back."""
    free, never = threading.Event(), threading.Event()
    model_server.script(until(free), until(free), until(never))
    process = start()
    wait_for("the worker", lambda: bool(Worker.all(connection=Redis.from_url(valkey.url))))
    visitors[0].visitor_writes()
    model_server.wait_until_asked(1)
    kill(valkey)
    for number in (1, 2):
        visitors[number].visitor_writes()
        model_server.wait_until_asked(number + 1)
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(POLL_SECONDS + 1.0)
    free.set()
    assert process.wait(60) == 0
    never.set()
    assert [ended(people) for people in visitors] == [("landed", 1), ("landed", 1), ("queued", 0)]


def test_where_redis_never_was(
    visitors: list[People], start: Start, valkey: RunningServer, model_server: ModelServer
) -> None:
    kill(valkey)
    free = threading.Event()
    model_server.script(until(free))
    visitors[0].visitor_writes()
    process = start()
    model_server.wait_until_asked(1)
    process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(POLL_SECONDS + 1.0)
    free.set()
    assert process.wait(60) == 0
    assert ended(visitors[0]) == ("landed", 1)
