"""Bringing a database to the newest schema, once, however many processes try.

Owns the call of alembic. Must not hold schema: that is in inbox/migrations.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from inbox.database import OLDEST_SERVER, connect, server_version

MIGRATE_LOCK = 7_265_647  # any number, the same in every process that migrates


class WrongServer(Exception):
    """The server is too old. Its message is one sentence for people."""


def migrate(database_url: str, revision: str = "head") -> None:
    """Upgrade to `revision` under an advisory lock; a second caller waits and finds nothing to do.

    Raises WrongServer for a PostgreSQL that is too old and SQLAlchemy's errors where the server does not answer.
    """
    engine = connect(database_url, pool_size=1)
    try:
        with engine.begin() as connection:
            check(connection)
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATE_LOCK})
            command.upgrade(_config(connection), revision)
    finally:
        engine.dispose()


def downgrade(database_url: str, revision: str) -> None:
    """Go back to `revision` ("base" for an empty database)."""
    engine = connect(database_url, pool_size=1)
    try:
        with engine.begin() as connection:
            command.downgrade(_config(connection), revision)
    finally:
        engine.dispose()


def check(connection: Connection) -> None:
    """Raise WrongServer unless the server is new enough."""
    version = server_version(connection)
    if version < OLDEST_SERVER:
        raise WrongServer(
            f"The database server is PostgreSQL {version // 10_000}; Tandem needs {OLDEST_SERVER // 10_000} or newer."
        )


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
