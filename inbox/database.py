"""The connection to PostgreSQL: the engine, its two ways of working, and what a lost server looks like.

Owns engine settings. Must not hold SQL of the domain.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

OLDEST_SERVER = 150_000  # PostgreSQL 15: the oldest that the statements are tested on


def connect(url: str, *, pool_size: int = 20, application: str = "tandem") -> Engine:
    """An engine on `url` (postgres:// and postgresql:// alike), session time zone UTC.

    Connections are checked before use, so that a restarted server costs one reconnect and no error.
    """
    engine = create_engine(
        _psycopg(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "application_name": application},
    )
    event.listen(engine, "connect", _set_utc)
    return engine


def single_statements(engine: Engine) -> Engine:
    """The same pool, each statement committing by itself: one round trip, nothing left open in Python."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def is_away(error: BaseException) -> bool:
    """Whether the error says that the server is gone, restarting, or out of connections (not that SQL is wrong)."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, OperationalError | InterfaceError)


def _psycopg(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if separator and scheme in {"postgres", "postgresql"} else url


def _set_utc(connection: Any, _record: Any) -> None:
    autocommit = connection.autocommit
    connection.autocommit = True
    connection.execute("SET TIME ZONE 'UTC'")
    connection.autocommit = autocommit


def server_version(connection: Connection) -> int:
    """The server's version as a number: 180006 is 18.6."""
    return int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
