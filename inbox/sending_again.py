"""Statements that PostgreSQL refused before they did anything, for a reason that is gone: they are sent once more.

Owns the driver's cursors, and which refusals those are: a plan that a migration outdated (outdated_plans.py), and a
deadlock. Acts of several people, a visitor and the responder on one conversation may lock each other out although each
is one statement, where a fourth holds the row for a foreign key: PostgreSQL then ends one of them, and whoever asked
for it would hear that the database does not answer: tests/integration/test_deadlocks.py

Only where each statement commits by itself; of a transaction what came before is lost, too, and `anew` does all of it
once more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self, TypeVar

import psycopg
from psycopg.errors import DeadlockDetected, FeatureNotSupported
from psycopg.pq import TransactionStatus
from sqlalchemy.exc import DBAPIError, OperationalError

from inbox.outdated_plans import forgotten

T = TypeVar("T")
MOST_TRIES = 4  # each deadlock ends one statement, so of those who met all but one try again


def was_deadlock(error: DBAPIError) -> bool:
    """Whether the statement, and with it the transaction, was ended so that others could go on."""
    return isinstance(error.orig, DeadlockDetected)


def anew(transaction: Callable[[], T]) -> T:
    """What a whole transaction comes to, begun and committed in there; done anew where a deadlock ended it.

    It must leave nothing behind outside: tests/integration/test_deadlocks.py
    """
    for _ in range(MOST_TRIES - 1):
        try:
            return transaction()
        except OperationalError as error:
            if not was_deadlock(error):
                raise
    return transaction()


class _Again(psycopg.Cursor[Any]):
    """Sends such a statement again."""

    def execute(self, query: Any, params: Any = None, **how: Any) -> Self:
        """psycopg's own, a few times at most."""
        for _ in range(MOST_TRIES - 1):
            try:
                return super().execute(query, params, **how)
            except FeatureNotSupported as error:
                if not forgotten(self.connection, error):
                    raise
            except DeadlockDetected:
                if self.connection.info.transaction_status != TransactionStatus.IDLE:
                    raise
        return super().execute(query, params, **how)


class Cursor(_Again):
    """SQLAlchemy's."""


class RawCursor(_Again, psycopg.RawCursor[Any]):
    """With $1, $2 for its values."""
