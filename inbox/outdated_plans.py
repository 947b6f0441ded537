"""A statement that was prepared before its table got a column: a migration runs while the release before serves.

Owns how that is known, and that such a statement is prepared anew. PostgreSQL refuses it before anything is done, and
on a connection where each statement commits by itself nothing else would ever forget it: whoever opened a conversation
would be refused until the process was started anew.
"""

from __future__ import annotations

from typing import Any, Self

import psycopg
from psycopg.pq import TransactionStatus

REFUSED_IN = "RevalidateCachedQuery"  # PostgreSQL's own function: its words depend on the server's language


def is_outdated(error: BaseException | None) -> bool:
    """Whether the error says so."""
    return isinstance(error, psycopg.errors.FeatureNotSupported) and error.diag.source_function == REFUSED_IN


def forgotten(connection: psycopg.Connection[Any], error: psycopg.Error) -> bool:
    """Forget what was prepared, where that was it and nothing is lost with it: the statement may be sent again.

    A transaction is over with the refusal; it forgets as it is rolled back, and its next one goes well.
    """
    if not is_outdated(error) or connection.info.transaction_status != TransactionStatus.IDLE:
        return False
    connection.execute("DEALLOCATE ALL", prepare=False)  # which the driver takes for its own as well
    return True


class _Again(psycopg.Cursor[Any]):
    """Sends a statement again that was refused for its plan: tests/integration/test_outdated_plans.py"""

    def execute(self, query: Any, params: Any = None, **how: Any) -> Self:
        """psycopg's own, once more where the plan was outdated."""
        try:
            return super().execute(query, params, **how)
        except psycopg.errors.FeatureNotSupported as error:
            if not forgotten(self.connection, error):
                raise
            return super().execute(query, params, **how)


class Cursor(_Again):
    """SQLAlchemy's."""


class RawCursor(_Again, psycopg.RawCursor[Any]):
    """With $1, $2 for its values."""
