"""Turns that wait, and workers that hold them: visitors who have each asked once, and processes with a slow model.

Owns making both. Must not measure.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from redis import Redis
from rq import Worker
from sqlalchemy import text

from jobs.queue import RqTurnQueue
from tests.benchmarks.serving import environment
from tests.benchmarks.stage import Stage
from tests.product import ROOT, free_port, wait_for

MANY = 500
QUESTION = "Where is my order?"


ASK = text(
    """
WITH v AS (
    INSERT INTO visitor (project_id) SELECT :project FROM generate_series(1, :number) RETURNING id),
c AS (
    INSERT INTO conversation (project_id, visitor_id, version) SELECT :project, id, 1 FROM v RETURNING id),
m AS (
    INSERT INTO message (project_id, conversation_id, author, content)
    SELECT :project, id, 'visitor', :question FROM c RETURNING conversation_id)
INSERT INTO turn (project_id, conversation_id) SELECT :project, conversation_id FROM m RETURNING id
"""
)
COUNT = text("SELECT count(*) FROM turn WHERE status = :status")


def asked(stage: Stage, number: int) -> list[int]:
    """So many visitors who have each asked once."""
    with stage.engine.begin() as connection:
        connection.execute(text("UPDATE turn SET status = 'cancelled'"))  # those of earlier measurements
        parameters = {"project": stage.project_id, "number": number, "question": QUESTION}
        return list(connection.execute(ASK, parameters).scalars())


def count(stage: Stage, status: str) -> int:
    """How many turns stand so."""
    with stage.engine.connect() as connection:
        return int(connection.execute(COUNT, {"status": status}).scalar_one())


def enqueue(stage: Stage, turns: list[int]) -> None:
    """As the product does it, one by one."""
    queue = RqTurnQueue(Redis.from_url(stage.redis_url))
    for turn in turns:
        queue.enqueue(turn)


@contextmanager
def tandem_worker(stage: Stage, think_seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    """`flask worker` with room for all turns, and a model that thinks so long."""
    Redis.from_url(stage.redis_url).flushall()
    with (
        slow_model(think_seconds) as port,
        process([sys.executable, "-m", "flask", "worker", "--turns", str(MANY)], asking(stage, port)) as worker,
    ):
        wait_for_workers(stage, 1)
        time.sleep(1)
        yield worker


@contextmanager
def slow_model(think_seconds: float) -> Iterator[int]:
    """A model's server that thinks so long, by its port; ready once it has said so."""
    port = free_port()
    with process([sys.executable, "-m", "tests.benchmarks.slow_model", str(port), str(think_seconds)]) as model:
        assert model.stdout is not None
        model.stdout.readline()
        yield port


def asking(stage: Stage, port: int) -> dict[str, str]:
    """What a worker needs to find the stage and this model."""
    return environment(stage, OPENAI_BASE_URL=f"http://127.0.0.1:{port}/v1")


def wait_for_workers(stage: Stage, number: int) -> None:
    """Until so many have signed on."""
    wait_for("the workers", lambda: len(Worker.all(connection=Redis.from_url(stage.redis_url))) >= number)


@contextmanager
def process(command: list[str], known: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """The command, from the root of the project, until the block ends."""
    running = subprocess.Popen(command, cwd=ROOT, env=known, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield running
    finally:
        running.kill()
        running.wait()
