"""Bringing a database to the newest schema, once, however many processes try.

Owns the call of alembic. Must not hold schema: that is in inbox/migrations.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from inbox.database import OLDEST_SERVER, connect, server_version

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATE_LOCK = 7_265_647  # any number, the same in every process that migrates
TABLE_SECONDS = 5  # whoever comes to a table that a migration waits for waits behind it, so it gives up before long
ANSWER_SECONDS = 5.0  # a start is not held up by a database that does not answer


class CannotMigrate(Exception):
    """Nothing was changed. Its message is one sentence for people."""


def migrate(database_url: str, revision: str = "head") -> None:
    """Upgrade to `revision` under an advisory lock; a second caller waits and finds nothing to do.

    All in one transaction. Raises CannotMigrate, and SQLAlchemy's errors where the server does not answer.
    """
    engine = connect(database_url, pool_size=1)
    try:
        with engine.begin() as connection:
            _check_server(connection)
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATE_LOCK})
            _check_release(connection)
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{TABLE_SECONDS}s'")
            command.upgrade(_config(connection), revision)
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            raise CannotMigrate(
                f"Something in the database held a table for {TABLE_SECONDS} s. Nothing was changed; try again."
            ) from error
        raise
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


def is_behind(database_url: str) -> bool:
    """Whether the database lacks a migration of this release. One of a newer release does not: that may come first."""
    engine = connect(database_url, pool_size=1, patience_seconds=ANSWER_SECONDS)
    try:
        with engine.connect() as connection:
            applied = _applied(connection)
            return applied <= _known() and _newest() not in applied
    finally:
        engine.dispose()


def _check_server(connection: Connection) -> None:
    version = server_version(connection)
    if version < OLDEST_SERVER:
        raise CannotMigrate(
            f"The database server is PostgreSQL {version // 10_000}; Tandem needs {OLDEST_SERVER // 10_000} or newer."
        )


def _check_release(connection: Connection) -> None:
    if not _applied(connection) <= _known():
        raise CannotMigrate("This database is of a newer Tandem. Run that one, or restore the backup from before it.")


def _applied(connection: Connection) -> set[str]:
    return set(MigrationContext.configure(connection).get_current_heads())


def _known() -> set[str]:
    return {script.revision for script in _scripts().walk_revisions()}


def _newest() -> str | None:
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))  # or it begins a variable
    config.attributes["connection"] = connection
    return config
