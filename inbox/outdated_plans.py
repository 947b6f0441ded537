"""A statement that was prepared before its table got a column: a migration runs while the release before serves.

Owns how that is known, and forgetting what was prepared; inbox/sending_again.py sends such a statement anew.
PostgreSQL refuses it before anything is done, and on a connection where each statement commits by itself nothing else
would ever forget it: whoever opened a conversation would be refused until the process was started anew.
"""

from __future__ import annotations

from typing import Any

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
