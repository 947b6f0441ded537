"""Servers for measuring: PostgreSQL with fsync on, Valkey, a migrated database and a project.

Owns starting and stopping them.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text

from commands.embedded import start_postgres, start_valkey
from commands.projects import create_project
from inbox.database import connect
from inbox.migrating import migrate
from jobs import landing_sql


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


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage of one's own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tandem-bench-") as folder:
        postgres, valkey = start_postgres(Path(folder)), start_valkey(Path(folder))
        try:
            migrate(postgres.url)
            engine = connect(postgres.url, pool_size=4)
            with engine.begin() as connection:
                project = create_project(connection, "Bench")
            yield Stage(postgres.url, valkey.url, engine, project.id, project.key)
            engine.dispose()
        finally:
            valkey.stop()
            postgres.stop()
