"""Worker processes: many turns at once in one, a stock RQ worker as well, and what happens when one is told to stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue, Worker
from sqlalchemy import text

from inbox.services import Services
from inbox.settings import Settings
from jobs.queue import RqTurnQueue
from jobs.sharing import SHARE
from jobs.turn_worker import POLL_SECONDS
from tests.model_server import ModelServer
from tests.people import People
from tests.product import ROOT, starting, wait_for

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def environment(with_model: Settings) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": str(with_model.database_url),
        "REDIS_URL": str(with_model.redis_url),
        "OPENAI_BASE_URL": str(with_model.openai_base_url),
        "TANDEM_DATA": str(with_model.data),
        "TANDEM_SWEEP_SECONDS": "1",
        "TANDEM_LEASE_SECONDS": "5",
    }


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Start]:
    """Starts a process of ours; killed at the end if it still runs."""
    with starting(environment) as started:
        yield started


@pytest.fixture
def asking(services: Services, redis_url: str) -> Callable[[int], list[People]]:
    """So many visitors who have each written once, their turns in the real queue."""

    def asked(number: int) -> list[People]:
        queued = Services(services.database, RqTurnQueue(Redis.from_url(redis_url)))
        everyone = [People.arrive(queued) for _ in range(number)]
        for people in everyone:
            people.visitor_writes()
        return everyone

    return asked


ORDER = text("SELECT project_id FROM turn WHERE claimed_at IS NOT NULL ORDER BY claimed_at")


def statuses(everyone: list[People]) -> list[str]:
    return [turn["status"] for people in everyone for turn in people.turns()]


def noted(redis_url: str, everyone: list[People]) -> tuple[int, int]:
    """How many jobs of these visitors' turns RQ says run, and have failed."""
    queue = Queue("turns", connection=Redis.from_url(redis_url))
    theirs = tuple(f"turn-{turn['id']}-" for people in everyone for turn in people.turns())
    running = queue.started_job_registry.get_job_ids(cleanup=False)
    failed = queue.failed_job_registry.get_job_ids(cleanup=False)
    return sum(name.startswith(theirs) for name in running), sum(name.startswith(theirs) for name in failed)


def worker(*options: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "flask", "worker", *options)


def test_one_process_holds_many_turns(
    asking: Callable[[int], list[People]], start: Start, model_server: ModelServer, redis_url: str
) -> None:
    """Twenty turns wait for the model at once in one process; to RQ it is one worker that is busy."""
    model_server.hold()
    everyone = asking(20)
    start(*worker("--turns", "20"))
    model_server.wait_until_asked(20)
    (known,) = Worker.all(connection=Redis.from_url(redis_url))
    assert len(known.get_current_executions()) == 20
    assert known.get_state() == "busy"
    assert len(Queue("turns", connection=known.connection).started_job_registry) == 20
    rq = str(Path(sys.executable).parent / "rq")
    told = subprocess.run([rq, "info", "--url", redis_url], capture_output=True, text=True, check=True).stdout
    assert f"{known.name}" in told
    assert "1 workers" in told
    model_server.release()
    wait_for("every turn's landing", lambda: statuses(everyone) == ["landed"] * 20)


def test_no_more_turns_than_there_is_room(
    asking: Callable[[int], list[People]], start: Start, model_server: ModelServer
) -> None:
    model_server.hold()
    everyone = asking(5)
    start(*worker("--turns", "2"))
    model_server.wait_until_asked(2)
    wait_for("two thinking turns", lambda: sorted(statuses(everyone)).count("thinking") == 2)
    assert sorted(statuses(everyone)) == ["queued"] * 3 + ["thinking"] * 2
    model_server.release()
    wait_for("every turn's landing", lambda: statuses(everyone) == ["landed"] * 5)


def test_a_stock_rq_worker_runs_turns(
    asking: Callable[[int], list[People]], start: Start, environment: dict[str, str], model_server: ModelServer
) -> None:
    everyone = asking(2)
    rq = str(Path(sys.executable).parent / "rq")
    process = start(rq, "worker", "turns", "--burst", "--url", environment["REDIS_URL"], "--path", str(ROOT))
    assert process.wait(60) == 0
    assert statuses(everyone) == ["landed", "landed"]


@pytest.mark.parametrize("stock", [True, False], ids=["stock", "ours"])
def test_a_flood_of_one_project_leaves_another_its_turn(
    start: Start,
    services: Services,
    redis_url: str,
    stock: bool,
) -> None:
    """One message behind twelve of another project is answered behind SHARE of them, whichever worker comes."""
    flooding, lonely = People.arrive(services), People.arrive(services)
    queue = RqTurnQueue(Redis.from_url(redis_url))
    turns = [flooding.arrives_too().visitor_writes() for _ in range(12)]
    for turn in turns:
        queue.enqueue(turn or 0, project_id=flooding.project_id)
    queue.enqueue(lonely.visitor_writes() or 0, project_id=lonely.project_id)
    rq = str(Path(sys.executable).parent / "rq")
    stock_one = (rq, "worker", "turns", "--url", redis_url, "--path", str(ROOT))
    process = start(*(stock_one if stock else worker("--turns", "1")))
    wait_for("the lonely one's landing", lambda: statuses([lonely]) == ["landed"])
    process.terminate()
    process.wait(30)  # a killed one of RQ's leaves the child behind that works for it, into the next test's Redis
    with services.reading() as connection:
        order = list(connection.execute(ORDER).scalars())
    assert order.index(lonely.project_id) == SHARE


def test_sigterm_releases_what_still_thinks(
    asking: Callable[[int], list[People]], start: Start, model_server: ModelServer, redis_url: str
) -> None:
    """A worker that is told to stop gives its turn back uncharged, and another one lands it."""
    model_server.hold()
    everyone = asking(1)
    first = start(*worker())
    model_server.wait_until_asked(1)
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 0
    (turn,) = everyone[0].turns()
    assert (turn["status"], turn["attempt"] - turn["releases"]) == ("queued", 0)
    assert noted(redis_url, everyone) == (0, 0)
    model_server.release()
    start(*worker())
    wait_for("the landing", lambda: statuses(everyone) == ["landed"])


def test_sigterm_lets_land_what_is_answered_in_time(
    asking: Callable[[int], list[People]], start: Start, model_server: ModelServer
) -> None:
    """And takes no more: what waits in the queue is another worker's."""
    model_server.hold()
    everyone = asking(2)
    first = start(*worker("--turns", "1"))
    model_server.wait_until_asked(1)
    first.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        first.wait(POLL_SECONDS + 1.5)
    model_server.release()
    assert first.wait(60) == 0
    assert sorted(statuses(everyone)) == ["landed", "queued"]
    assert [turn["attempt"] for people in everyone for turn in people.turns() if turn["status"] == "landed"] == [1]


def test_sigkill_is_found_out_by_the_lease(
    asking: Callable[[int], list[People]], start: Start, model_server: ModelServer, redis_url: str
) -> None:
    model_server.hold()
    everyone = asking(1)
    first = start(*worker())
    model_server.wait_until_asked(1)
    first.kill()
    first.wait()
    assert noted(redis_url, everyone) == (1, 0)
    model_server.release()
    start(*worker())
    wait_for("the landing", lambda: statuses(everyone) == ["landed"])
    wait_for("no job that is said to run", lambda: noted(redis_url, everyone) == (0, 0))
    assert everyone[0].turns()[0]["attempt"] == 2
    assert len([m for m in everyone[0].messages() if m["author"] == "responder"]) == 1


def test_a_stop_without_the_database_is_a_clean_one(start: Start, environment: dict[str, str], redis_url: str) -> None:
    environment["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    process = start(sys.executable, "-m", "commands.worker")
    wait_for("the worker to wait for jobs", lambda: Worker.count(Redis.from_url(redis_url)) == 1)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
