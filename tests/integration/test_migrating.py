"""The schema goes up, down and up again, whoever else is at it; a server that is too old is told so."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from commands.processes import migrate as migrate_command
from inbox import migrating
from inbox.database import connect
from inbox.migrating import WrongServer, downgrade, migrate
from tests.conftest import Servers

TABLES = text(
    "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
)


@pytest.fixture
def empty(servers: Servers) -> Iterator[str]:
    """The address of an empty database."""
    with psycopg.connect(servers.database_url("postgres").replace("+psycopg", ""), autocommit=True) as admin:
        admin.execute("CREATE DATABASE emptied")
        yield servers.database_url("emptied")
        admin.execute("DROP DATABASE emptied WITH (FORCE)")


def tables(url: str) -> int:
    engine = connect(url, pool_size=1)
    try:
        with engine.connect() as connection:
            return int(connection.execute(TABLES).scalar_one())
    finally:
        engine.dispose()


def test_up_down_and_up(empty: str) -> None:
    migrate(empty)
    newest = tables(empty)
    assert newest > 10
    downgrade(empty, "base")
    assert tables(empty) == 0
    migrate(empty)
    assert tables(empty) == newest


def test_many_at_once(empty: str) -> None:
    failed: list[BaseException] = []

    def go() -> None:
        try:
            migrate(empty)
        except BaseException as error:
            failed.append(error)

    starting = [threading.Thread(target=go) for _ in range(4)]
    for thread in starting:
        thread.start()
    for thread in starting:
        thread.join()
    assert not failed
    assert tables(empty) > 10


def test_a_server_that_is_too_old(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "OLDEST_SERVER", 990_000)
    with pytest.raises(WrongServer, match=r"is PostgreSQL 18; Tandem needs 99 or newer\."):
        migrate(empty)
    assert tables(empty) == 0


def test_the_command_says_so(empty: str, servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "OLDEST_SERVER", 990_000)
    for name, value in (("DATABASE_URL", empty), ("REDIS_URL", servers.redis_url)):
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(migrate_command)
    assert told.exit_code == 1
    assert "Tandem needs 99 or newer." in told.output
    assert "Traceback" not in told.output
