"""Two web and four worker processes over one database, with and without a pooler between: every promise stands.

Customers and agents speak with both web processes in turns, as behind a load balancer.
"""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass
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
from tests.background import Background
from tests.chaos import final, readers
from tests.chaos.calling import Api
from tests.chaos.final import Final
from tests.chaos.history import History, House, Place, Seen
from tests.chaos.streams import alike, complete, ended_once, ordered
from tests.people import WORKFLOW, People
from tests.pooler import transaction_pooler
from tests.product import ROOT, free_port, wait_for

WEBS, WORKERS = 2, 4
CUSTOMERS = 12  # of each team
SECRET = "the same in every process"


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
    try:
        for url in found:
            wait_for(url, lambda url=url: answers(url))  # type: ignore[misc]  # each look is for its own
        wait_for("all workers", lambda: len(Worker.all(connection=redis_client(redis_url))) == WORKERS)
        yield found
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/readyz").status_code == 200
    except httpx2.HTTPError:
        return False


@dataclass
class Team:
    """A project whose customers and agents act on all web processes, and whose event stream is read meanwhile."""

    people: People
    tokens: list[str]
    streams: list[Seen]

    def play(self, urls: list[str]) -> dict[str, Any]:
        """Everything, to its end; returns what became of it."""
        stages = [Stage(url, self.people.project_key, replay_pass(SECRET), self.tokens) for url in urls]
        stage: Any = stages[0]
        stage._http = Balanced([one._http for one in stages])
        return run(stage, read_customers(None, CUSTOMERS), parallel=8, agents=3)

    def follow(self, urls: list[str], history: History, over: threading.Event) -> list[Background]:
        """Read the stream over many connections, each to any of the web processes."""
        addresses = [f"{url}/api/v1/events" for url in urls]
        return [
            Background(readers.follow, (addresses, self.tokens[0], seen, history, random.Random(seen.name), over))
            for seen in self.streams
        ]

    def ends(self, api: Api, history: History) -> list[Final]:
        """All that the project has, once no turn is live: an agent may have started one more."""
        house = House(self.people.project_id, self.people.project_key, ((self.people.ana.id, self.tokens[0]),))
        listed = api.read_all("/conversations", house.token, by="cursor")
        places = [Place(house, one["id"], "") for one in listed]
        final.settle(api, places, history)
        return [final.read(api, place) for place in places]

    def wrongs(self, finals: list[Final]) -> list[str]:
        """I7 as its clients see it."""
        each = [[*ordered(seen), *complete(seen, finals), *ended_once(seen)] for seen in self.streams]
        return [*itertools.chain(*each), *alike(self.streams)]


@pytest.fixture
def teams(services: Services, database_url: str) -> Iterator[list[Team]]:
    engine = connect(database_url)
    with ExitStack() as issued:
        found = []
        for number in range(2):
            people = People.arrive(services, workflow=WORKFLOW)
            tokens = issued.enter_context(agent_tokens(engine, people.project_id, 3))
            found.append(Team(people, tokens, [Seen(f"reader {n} of team {number}") for n in range(2)]))
        yield found
    engine.dispose()


def test_every_promise_stands(teams: list[Team], urls: list[str]) -> None:
    """I1, I2 and I6 by what became of every message, I7 by what the streams told, I8 by who finds what."""
    history, over = History(), threading.Event()
    reading = [one for team in teams for one in team.follow(urls, history, over)]
    api = Api(urls[0], history, over)
    try:
        with ThreadPoolExecutor(len(teams)) as pool:
            for played in pool.map(lambda team: team.play(urls), teams):
                ends = [played[name] for name in ("answered", "parked", "handed_off", "failed", "waiting")]
                assert sum(ends) == played["messages"] > CUSTOMERS
                assert (played["failed"], played["waiting"], played["lost_updates"]) == (0, 0, 0)
                assert played["answered"] > 0
        finals = [team.ends(api, history) for team in teams]
        for team, own in zip(teams, finals, strict=True):
            with suppress(TimeoutError):  # then what is wrong is said below
                wait_for("the streams' end", lambda team=team, own=own: not team.wrongs(own))  # type: ignore[misc]
            assert team.wrongs(own) == []
    finally:
        over.set()
    for one in reading:
        one.result()
    assert history.wrong == []
    assert_apart(teams, finals, urls)


def assert_apart(teams: list[Team], finals: list[list[Final]], urls: list[str]) -> None:
    """I8: each team finds and hears of its own conversations, and the other's are not there for it, in any process."""
    own = [{one.conversation["id"] for one in ends} for ends in finals]
    assert len(own[0]) == len(own[1]) > CUSTOMERS
    assert own[0].isdisjoint(own[1])
    for team, ours, theirs in zip(teams, own, own[::-1], strict=True):
        assert {event.data["conversation_id"] for seen in team.streams for event in seen.events} <= ours
        for url, number in itertools.product(urls, sorted(theirs)[:5]):
            path, headers = f"{url}/api/v1/conversations/{number}", {"Authorization": f"Bearer {team.tokens[0]}"}
            assert httpx2.get(path, headers=headers).status_code == 404
            assert httpx2.patch(path, headers=headers, json={"priority": "urgent"}).status_code == 404
