"""Two web and four worker processes over one database, with and without a pooler between: every promise stands.

Customers and agents speak with both web processes in turns, as behind a load balancer.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import httpx2
import pytest
from rq import Worker

from commands.customers import read_customers
from commands.playing import Stage
from commands.replay import agent_tokens, run
from inbox.database import connect
from inbox.limits import replay_pass
from inbox.redis import redis_client
from inbox.services import Services
from tests.people import WORKFLOW, People
from tests.pooler import transaction_pooler
from tests.product import ROOT, free_port, wait_for

WEBS, WORKERS = 2, 4
SECRET = "the same in every process"

pytestmark = pytest.mark.xdist_group("launch")


class Balanced:
    """Clients of several web processes, asked in turns."""

    def __init__(self, clients: list[httpx2.Client]) -> None:
        self._next = itertools.cycle(clients)

    def request(self, *arguments: Any, **named: Any) -> httpx2.Response:
        """The next one's answer."""
        return next(self._next).request(*arguments, **named)


@pytest.fixture(params=["straight", "pooled"])
def address(request: pytest.FixtureRequest, database_url: str) -> Iterator[str]:
    pooled = request.param == "pooled"
    with transaction_pooler(database_url) if pooled else nullcontext(database_url) as url:
        yield url


@pytest.fixture
def urls(address: str, redis_url: str, tmp_path: Path) -> Iterator[list[str]]:
    """The web processes' addresses, with the workers running behind them."""
    ports = [free_port() for _ in range(WEBS)]
    environment = {
        "PYTHONPATH": str(ROOT), "DATABASE_URL": address, "REDIS_URL": redis_url, "SECRET_KEY": SECRET,
        "TANDEM_DATA": str(tmp_path), "TANDEM_THINK_SECONDS": "0-0.2", "TANDEM_SWEEP_SECONDS": "1",
    }  # fmt: skip
    commands = [("commands.web", {"TANDEM_PORT": str(port)}) for port in ports]
    commands += [("commands.worker", {})] * WORKERS
    running = [
        subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, env=environment | more) for module, more in commands
    ]
    found = [f"http://127.0.0.1:{port}" for port in ports]
    for url in found:
        wait_for(url, lambda url=url: answers(url))  # type: ignore[misc]  # each look is for its own
    wait_for("all workers", lambda: len(Worker.all(connection=redis_client(redis_url))) == WORKERS)
    yield found
    for process in running:
        process.terminate()
    for process in running:
        process.wait(30)


def answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/readyz").status_code == 200
    except httpx2.HTTPError:
        return False


def test_every_promise_stands(services: Services, database_url: str, urls: list[str]) -> None:
    people = People.arrive(services, workflow=WORKFLOW)
    engine = connect(database_url)
    with agent_tokens(engine, people.project_id, 3) as tokens:
        stages = [Stage(url, people.project_key, replay_pass(SECRET), tokens) for url in urls]
        stage: Any = stages[0]
        stage._http = Balanced([one._http for one in stages])
        played = run(stage, read_customers(None, 24), parallel=12, agents=3)
    engine.dispose()
    ends = [played[name] for name in ("answered", "parked", "handed_off", "failed", "waiting")]
    assert sum(ends) == played["messages"] > 24
    assert (played["failed"], played["waiting"], played["lost_updates"]) == (0, 0, 0)
    assert played["answered"] > 0
