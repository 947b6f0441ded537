"""Real PostgreSQL and Valkey for the tests, a database cloned from a migrated template for each, and people to act.

Owns the fixtures that several folders use. Must not mock code of ours.
"""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from argon2 import PasswordHasher
from argon2.profiles import CHEAPEST
from hypothesis import settings as examples
from redis import Redis
from sqlalchemy import Engine

from commands.embedded import start_postgres, start_valkey
from inbox.database import connect
from inbox.migrating import migrate
from inbox.services import Services
from inbox.settings import Settings
from inbox.turn_queue import Started
from inbox.wake import Waker
from jobs import context
from jobs.context import Context
from tests.background import Background
from tests.model_server import ModelServer
from tests.people import People

# How long one example takes says how busy the machine is, and nothing about the code.
examples.register_profile("tandem", deadline=None)
examples.load_profile("tandem")

TEMPLATE = "template_tandem"
MEMORY = Path("/dev/shm")
ROOM_BYTES = 2 << 30


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Who runs what, where several processes run the tests."""
    from tests.scheduling import ByModule

    return ByModule(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests counted (schedules, landings), added up, for the README's table."""
    totals: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            totals[name] += value if isinstance(value, int) else 0
    for name, total in sorted(totals.items()):
        terminalreporter.write_line(f"{name}: {total}, 0 violations")


_names = itertools.count(1)


@dataclass(frozen=True)
class Servers:
    """The running servers; `database_url(name)` is the address of one of their databases."""

    postgres_url: str
    redis_url: str

    def database_url(self, name: str) -> str:
        before, _, query = self.postgres_url.partition("?")
        base = before.rsplit("/", 1)[0] + "/" + name
        return base + ("?" + query if query else "")


class ListQueue:
    """A TurnQueue that remembers what was started, and wakes readers as the real one does."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self.turns: list[int] = []
        self._wake = wake

    def announce(self, turns: Sequence[Started]) -> None:
        """Remember the turns."""
        self._wake()
        self.turns += [turn_id for turn_id, _project in turns]


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """One PostgreSQL and one Valkey for this test process, with a migrated template database."""
    with _fast_folder(tmp_path_factory) as folder:
        postgres = start_postgres(folder, durable=False)
        valkey = start_valkey(folder)
        running = Servers(postgres.url, valkey.url)
        _admin(running, f"CREATE DATABASE {TEMPLATE}")
        migrate(running.database_url(TEMPLATE))
        yield running
        valkey.stop()
        postgres.stop()


@contextmanager
def _fast_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in memory where there is room: a database is cloned there in a tenth of the time."""
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
        with tempfile.TemporaryDirectory(prefix="tandem-test-", dir=MEMORY, ignore_cleanup_errors=True) as name:
            yield Path(name)
    else:
        yield tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Passwords that people of tests never type are hashed with the least work the library offers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inbox.passwords._hasher", lambda: PasswordHasher.from_parameters(CHEAPEST))
        yield


@pytest.fixture
def database_url(servers: Servers) -> Iterator[str]:
    """The address of a fresh database."""
    name = f"test_{os.getpid()}_{next(_names)}"
    _admin(servers, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
    yield servers.database_url(name)
    _admin(servers, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """The address of an empty Valkey."""
    Redis.from_url(servers.redis_url).flushall()
    return servers.redis_url


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on the fresh database."""
    engine = connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    """Settings as an environment would give them, on the test's servers and with the offline responder."""
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "TANDEM_DATA": str(tmp_path / "data"),
        "TANDEM_RATE_LIMITS": "off",
        "SECRET_KEY": "a key for tests only",
        "TANDEM_SWEEP_SECONDS": "1",
        # What a test does while a turn waits for its held model may take long on a busy machine.
        "TANDEM_MODEL_CONNECT_SECONDS": "20",
        "TANDEM_MODEL_FIRST_TOKEN_SECONDS": "30",
        "TANDEM_MODEL_TOTAL_SECONDS": "40",
    }
    return Settings.from_environment(environment)


@pytest.fixture
def turn_queue(redis_url: str) -> ListQueue:
    """Where started turns are listed."""
    return ListQueue(Waker(Redis.from_url(redis_url)))


@pytest.fixture
def services(engine: Engine, turn_queue: ListQueue) -> Services:
    """What routes and acts are handed."""
    return Services(engine, turn_queue)


@pytest.fixture
def people(services: Services) -> People:
    """A project with a visitor and agents, who act through the product's own acts."""
    return People.arrive(services)


@pytest.fixture
def model_server() -> Iterator[ModelServer]:
    """A model that speaks HTTP and can be held."""
    with ModelServer() as server:
        yield server


@pytest.fixture
def with_model(settings: Settings, model_server: ModelServer) -> Settings:
    """Settings that reach the fake model through the openai SDK."""
    return replace(settings, openai_base_url=model_server.url, openai_api_key="test")


@pytest.fixture
def worker(with_model: Settings) -> Iterator[Context]:
    """What a worker process holds; turns run through jobs.turn.run(worker, turn_id)."""
    here = context.build(with_model)
    context.use(here)
    yield here
    context.use(None)
    here.engine.dispose()


InBackground = Callable[..., Background]


@pytest.fixture
def in_background() -> Iterator[InBackground]:
    """Runs a function in a thread; the fixture's end waits for it and raises what it raised."""
    running: list[Background] = []

    def start(function: Callable[..., object], *arguments: object) -> Background:
        running.append(Background(function, arguments))
        return running[-1]

    yield start
    for one in running:
        one.result()


def _admin(servers: Servers, statement: str) -> None:
    with psycopg.connect(servers.postgres_url, autocommit=True) as connection:
        connection.execute(statement)
