"""Servers for measuring: PostgreSQL with fsync on, Valkey, and for each measurement a migrated database and a project.

Owns starting and stopping them.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from redis import Redis
from sqlalchemy import Engine, text

from commands.embedded import start_postgres, start_valkey
from commands.projects import create_project
from inbox.database import connect
from inbox.migrating import migrate
from jobs import landing_sql

LOG_FILES = 5  # as many as PostgreSQL keeps of those that it needs no more


@dataclass(frozen=True)
class Stage:
    """Where it is measured."""

    url: str
    redis_url: str
    engine: Engine
    project_id: int
    project_key: str

    def allow_many_live_turns(self) -> None:
        """Let many turns of one conversation be ready to land at once, which the product's index forbids.

        The statement's ON CONFLICT names that index, so it goes as well, for the floor and for Tandem alike.
        """
        with self.engine.begin() as connection:
            connection.execute(text("DROP INDEX turn_live"))
        landing_sql.NEXT_TURN = re.sub(r"ON CONFLICT .* DO NOTHING", "", landing_sql.NEXT_TURN)
        landing_sql.post.cache_clear()


@dataclass(frozen=True)
class Servers:
    """Running servers whose database is migrated and empty: the template of every stage."""

    url: str
    redis_url: str

    @contextmanager
    def stage(self, name: str) -> Iterator[Stage]:
        """A database of one's own and an empty Redis, gone afterwards."""
        url = self.url.replace("/tandem?", f"/{name}?")
        with self._administer() as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE tandem".encode())
        Redis.from_url(self.redis_url).flushall()
        engine = connect(url, pool_size=4)
        try:
            with engine.begin() as connection:
                project = create_project(connection, "Bench")
            yield Stage(url, self.redis_url, engine, project.id, project.key)
        finally:
            engine.dispose()
            with self._administer() as connection:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    def _administer(self) -> psycopg.Connection[Any]:
        return psycopg.connect(self.url.replace("/tandem?", "/postgres?"), autocommit=True)


@contextmanager
def servers() -> Iterator[Servers]:
    """Servers that are started once: what is measured is what they do, not how they start."""
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        postgres, valkey = start_postgres(Path(folder)), start_valkey(Path(folder))
        try:
            migrate(postgres.url)
            _have_log_at_hand(postgres.url)
            yield Servers(postgres.url, valkey.url)
        finally:
            valkey.stop()
            postgres.stop()


def _have_log_at_hand(url: str) -> None:
    """Files of the write-ahead log to be written over, as on a server that has run for a while. A new one makes each
    when it is needed: everybody waits for it some 20 ms, and soonest who writes most.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        for _ in range(LOG_FILES):
            connection.execute("SELECT pg_logical_emit_message(false, 'bench', ''), pg_switch_wal()")
        connection.execute("CHECKPOINT")
