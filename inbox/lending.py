"""Connections for single statements, lent and given back as they are: nothing is begun on them that would have to end.

Owns which are free, and how many there may be. SQLAlchemy opens and closes them here; its own pool does with each what
a transaction may need, which costs as much as a statement costs the driver. Must not hold SQL.
"""

from __future__ import annotations

import os
import time
from queue import Empty, SimpleQueue
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import TimeoutError as PoolTimeout

from inbox.arrived import anything_at

REST_SECONDS = 10.0  # how long one of those beyond `kept` stays open that nobody needs: longer than a rush takes breath


class Lender:
    """Gives out the connection that came back last: few, with their statements prepared, before many that have not.

    Works with threads and with greenlets alike.
    """

    def __init__(self, engine: Engine, *, kept: int, most: int, seconds: float) -> None:
        """Of an engine that keeps none itself. Who finds `most` lent waits so many seconds; `kept` stay open, and in a
        rush all: to open one costs the server more than a statement does.
        """
        self._engine = engine
        self._kept = kept
        self._seconds = seconds
        self._places: SimpleQueue[None] = SimpleQueue()  # a semaphore costs ten times as much
        for _ in range(most):
            self._places.put(None)
        self._free: list[tuple[Connection, float]] = []  # and when it came back
        self._process = os.getpid()
        self._of_parent: list[tuple[Connection, float]] = []

    def connect(self) -> Lent:
        """A connection for a block. Entering it raises sqlalchemy's TimeoutError where none came back in time."""
        return Lent(self)

    def take(self) -> Connection:
        """One that is free, else a new one."""
        try:
            self._places.get(timeout=self._seconds)
        except Empty:
            raise PoolTimeout(f"every connection is lent, and none came back within {self._seconds} s") from None
        try:
            return self._free_one() or self._engine.connect()
        except BaseException:
            self._places.put(None)
            raise

    def give_back(self, connection: Connection) -> None:
        """It is free again, unless something is under way on it, or it was lost."""
        try:
            if _is_idle(connection):
                self._free.append((connection, time.monotonic()))
            else:
                connection.close()
            if len(self._free) > self._kept:
                self._close_the_longest_unused()
        finally:
            self._places.put(None)

    def dispose(self) -> None:
        """Close those that are free."""
        while self._free:
            self._free.pop()[0].close()

    def _close_the_longest_unused(self) -> None:
        unused, came_back = self._free.pop(0)  # taken first: another thread may be here as well
        if time.monotonic() - came_back > REST_SECONDS:
            unused.close()
        else:
            self._free.insert(0, (unused, came_back))

    def _free_one(self) -> Connection | None:
        if self._process != os.getpid():  # those of the process that this one was forked from are its own
            self._of_parent, self._free, self._process = self._free, [], os.getpid()
        while self._free:
            connection, _ = self._free.pop()
            if not _is_cut(connection):
                return connection
            connection.close()
        return None


class Lent:
    """A connection within a block."""

    __slots__ = ("_connection", "_lender")

    def __init__(self, lender: Lender) -> None:
        self._lender = lender

    def __enter__(self) -> Connection:
        self._connection = self._lender.take()
        return self._connection

    def __exit__(self, *_: object) -> None:
        self._lender.give_back(self._connection)


def _is_idle(connection: Connection) -> bool:
    return not connection.invalidated and _driver(connection).pgconn.transaction_status == TransactionStatus.IDLE


def _is_cut(connection: Connection) -> bool:
    """Whether the server has closed it: its end has arrived at the socket, which otherwise is silent.

    Costs no round trip, as a ping would. A connection that an idle network swallowed is found by its first statement.
    """
    return anything_at(_driver(connection).fileno())


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver
