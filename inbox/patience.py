"""A connection to PostgreSQL as it is opened: what it agrees on with the server, and how long an answer is waited for.

Owns both. Must not hold SQL of the domain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection

from inbox import sending_again
from inbox.waiting import in_the_loop


class Patient(psycopg.Connection[Any]):
    """Gives itself up where the server does not answer: one that is stopped keeps its connections open, and silent.

    On this side, for a server that does nothing keeps no time either:
    tests/integration/test_silent_database.py
    """

    patience_seconds: float | None = None

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """psycopg's own, for no longer than that."""
        patience = self.patience_seconds if timeout is None else timeout
        try:
            if (wait := in_the_loop()) is not None:
                return wait(gen, self.pgconn.socket, patience)
            return super().wait(gen, interval, patience)
        except psycopg.OperationalError:
            if not self.closed and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()  # what is still under way would be taken for the answer to the next statement
            raise


@contextmanager
def patiently(connection: Connection, seconds: float) -> Iterator[None]:
    """Wait longer for what is known to take long: each statement inside for so many seconds."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, Patient)
    before, driver.patience_seconds = driver.patience_seconds, seconds
    try:
        yield
    finally:
        driver.patience_seconds = before


def opening(seconds: float | None) -> Callable[..., psycopg.Connection[Any]]:
    """For SQLAlchemy's event of that name: a connection on which a statement is waited for so long."""

    def opened(_dialect: Any, _record: Any, arguments: Any, named: Any) -> psycopg.Connection[Any]:
        connection = Patient.connect(*arguments, **named)
        connection.patience_seconds = seconds
        connection.cursor_factory = sending_again.Cursor
        return connection

    return opened


def greet(connection: Any, _record: Any) -> None:
    """Agree on UTC and on plans as they are, and see whether a pooler stands between.

    Plans as they are: a search is supposed to cost so much, of millions of messages, that a server compiles it first,
    for far longer than it takes.

    Behind a pooler in transaction mode each statement may meet another server connection, which knows no statement that
    was prepared on the last one; the pooler itself keeps the time zone. It shows in its made-up process id:
    tests/integration/test_pooler.py.
    """
    autocommit = connection.autocommit
    connection.autocommit = True
    greeting = connection.execute(
        "SELECT pg_backend_pid(), set_config('TimeZone', 'UTC', false), set_config('jit', 'off', false)"
    ).fetchone()
    if greeting[0] != connection.info.backend_pid:
        connection.prepare_threshold = None
    connection.autocommit = autocommit
