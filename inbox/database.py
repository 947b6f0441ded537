"""The connection to PostgreSQL: the engine, its two ways of working, and what a lost server looks like.

Owns engine settings. Must not hold SQL of the domain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary

import psycopg
from psycopg.rows import dict_row, namedtuple_row, tuple_row
from sqlalchemy import Connection, Engine, ExceptionContext, TextClause, create_engine, event
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import NullPool

from inbox import outdated_plans, sending_again
from inbox.lending import Lender
from inbox.patience import greet, opening

OLDEST_SERVER = 150_000  # PostgreSQL 15: the oldest that the statements are tested on
CONNECT_SECONDS = 5
POOL_SECONDS = 10.0  # how long whoever finds every connection lent waits for one
TRANSACTIONS = 5  # of them at once find a connection that stays open: visitors who come together, a few who write
STEADY = {  # a server whose machine is gone says nothing, not even that: noticed within half a minute, by any process
    "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 25_000,
}  # fmt: skip


def connect(
    url: str,
    *,
    pool_size: int = 20,
    bounded: bool = False,
    application: str = "tandem",
    patience_seconds: float | None = None,
    pool_seconds: float = POOL_SECONDS,
) -> Engine:
    """An engine on `url` (postgres:// and postgresql:// alike), session time zone UTC.

    A statement is waited for `patience_seconds` long, by default for ever; then its connection is given up.

    Beyond `pool_size` connections as many again are opened, and closed once they are not needed. Where it is `bounded`
    none is: whoever finds all of them lent waits for one. In either case for `pool_seconds` at most.

    It comes with a second pool for single statements (single_statements), which nearly everything uses; its own, for
    transactions, opens connections only when one is asked for. Connections are checked before use, so that a restarted
    server costs one reconnect and no error.
    """
    known = {"connect_timeout": CONNECT_SECONDS, "application_name": application, **STEADY}
    engine = create_engine(
        _psycopg(url),
        pool_size=pool_size if bounded else TRANSACTIONS,
        max_overflow=0 if bounded else pool_size,
        pool_timeout=pool_seconds,
        pool_pre_ping=True,
        connect_args=known,
    )
    single = _of_single_statements(url, known)
    for one in (engine, single):
        event.listen(one, "connect", greet)
        event.listen(one, "do_connect", opening(patience_seconds))
        event.listen(one, "handle_error", _give_up)
    lender = Lender(single, kept=pool_size, most=pool_size if bounded else 2 * pool_size, seconds=pool_seconds)
    event.listen(engine, "engine_disposed", lambda _engine: lender.dispose())
    _LENDERS[engine] = lender
    return engine


_LENDERS: WeakKeyDictionary[Engine, Lender] = WeakKeyDictionary()  # an engine's other pool, for as long as it lives


def _of_single_statements(url: str, connect_args: dict[str, Any]) -> Engine:
    return create_engine(
        _psycopg(url),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,  # there is nothing to roll back
        pool_reset_on_return=None,  # nor here
        connect_args=connect_args,
    )


def single_statements(engine: Engine) -> Lender:
    """Its pool in which each statement commits by itself: one round trip, nothing left open in Python.

    A pool of its own, for switching a connection from transactions to autocommit and back costs more than most
    statements do.
    """
    return _LENDERS[engine]


def fetch_one(connection: Connection, statement: TextClause, parameters: Mapping[str, Any]) -> Any:
    """The statement's only row (with its columns as attributes) or None, straight through the driver and prepared
    (where no pooler stands between).

    For the statements of the landing, of lists and of what people look at, where SQLAlchemy's way there costs as much
    as the server's work. Errors are SQLAlchemy's, and a connection that is lost leaves the pool.
    """
    return _answer(connection, statement.text, parameters, namedtuple_row, psycopg.RawCursor.fetchone)


def fetch_all(
    connection: Connection, sql: str, parameters: Mapping[str, Any], *, prepare: bool = True
) -> list[Mapping[Any, Any]]:
    """The statement's rows, likewise. `prepare=False` is for those whose plan depends on what is looked for."""
    rows: list[Mapping[Any, Any]] = _answer(connection, sql, parameters, dict_row, ALL, prepare=prepare)
    return rows


def fetch_tuples(
    connection: Connection, sql: str, parameters: Mapping[str, Any], *, prepare: bool = True
) -> list[tuple[Any, ...]]:
    """The rows of a long list, likewise, their columns in the statement's order: a dict of each takes a fifth more."""
    rows: list[tuple[Any, ...]] = _answer(connection, sql, parameters, tuple_row, ALL, prepare=prepare)
    return rows


ALL = psycopg.RawCursor.fetchall  # at once: an iterator makes a call of Python of each row


def _answer(
    connection: Connection,
    sql: str,
    parameters: Mapping[str, Any],
    rows: Any,
    take: Callable[[psycopg.RawCursor[Any]], Any],
    *,
    prepare: bool = True,
) -> Any:
    driver = connection.connection.driver_connection
    assert driver is not None
    driver_sql, names = numbered(sql)
    try:
        cursor = sending_again.RawCursor(driver, row_factory=rows)
        # Binary, for moments and numbers need not be written out and read.
        cursor.execute(driver_sql, [parameters[name] for name in names], prepare=prepare, binary=True)
        return take(cursor)
    except psycopg.Error as error:
        lost = driver.closed or driver.broken or _takes_nothing(error)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            sql, None, error, psycopg.Error, connection_invalidated=lost, dialect=connection.dialect
        ) from error


@lru_cache(maxsize=256)
def numbered(sql: str) -> tuple[bytes, list[str]]:
    """With $1, $2 in the places of the names, and the names in this order; else the driver looks for them each time.

    In bytes that stay the same: the driver knows by them what it has prepared, and need not hash them anew.
    """
    compiled = TextClause(sql).compile(dialect=PGDialect_psycopg(paramstyle="numeric_dollar"))  # type: ignore[no-untyped-call]  # SQLAlchemy
    return str(compiled).encode(), list(dict.fromkeys(compiled.positiontup or ()))


def _takes_nothing(error: BaseException | None) -> bool:
    """Whether the server is one that is only read: another took over from it, or its host stopped it, its disk full."""
    return isinstance(error, psycopg.errors.ReadOnlySqlTransaction)


def _give_up(context: ExceptionContext) -> None:
    """A connection to such a server is not lent again: the next one may lead to the server that took over."""
    if _takes_nothing(context.original_exception):
        context.is_disconnect = True


def is_away(error: BaseException) -> bool:
    """Whether the error says that the server is gone, restarting, out of connections, or takes nothing (not that SQL is
    wrong)."""
    if isinstance(error, DBAPIError) and (error.connection_invalidated or outdated_plans.is_outdated(error.orig)):
        return True  # a plan, of a transaction: nothing was done, and the next one goes well
    return isinstance(error, OperationalError | InterfaceError | PoolTimeout)


def why_away(error: BaseException) -> str:
    """What the server, or the way to it, said: in a few words, and without the address, which may hold a password."""
    said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    return said.rpartition(" failed: ")[2].removeprefix("FATAL:").strip()


def refused_by(error: DBAPIError, constraint: str) -> bool:
    """Whether it was this constraint that refused the statement."""
    return isinstance(error.orig, psycopg.Error) and error.orig.diag.constraint_name == constraint


def was_heard(error: DBAPIError) -> bool:
    """Whether the server itself said that it did nothing."""
    return _takes_nothing(error.orig) or not error.connection_invalidated


def is_too_much(error: DBAPIError) -> bool:
    """Whether attributes were refused that are more than a row may hold (act_parts.ATTRIBUTES)."""
    return isinstance(error.orig, psycopg.errors.NotNullViolation) and (
        error.orig.diag.column_name == "custom_attributes"
    )


def names_what_is_gone(error: DBAPIError) -> bool:
    """Whether the statement names a row that was there when it began and was deleted meanwhile: a conversation whose
    visitor was erased, an agent who was removed. Nothing of it was written.
    """
    return isinstance(error.orig, psycopg.errors.ForeignKeyViolation)


def _psycopg(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    return f"postgresql+psycopg://{rest}" if separator and scheme in {"postgres", "postgresql"} else url


def server_version(connection: Connection) -> int:
    """The server's version as a number: 180006 is 18.6."""
    return int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
