"""What may be forgotten, and when.

Owns the limits of keeping for the change log and for idempotency keys. Must not touch what people wrote.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

BATCH = 5_000  # rows of one sweep, so that no statement is long

CHANGES = text(
    """
DELETE FROM change WHERE id IN (
    SELECT id FROM change WHERE position IS NOT NULL AND at < clock_timestamp() - interval '7 days'
    ORDER BY id LIMIT :batch)
"""
)
KEYS = text(
    """
DELETE FROM idempotency_key WHERE (scope, key) IN (
    SELECT scope, key FROM idempotency_key WHERE created_at < clock_timestamp() - interval '24 hours' LIMIT :batch)
"""
)


def prune(connection: Connection) -> int:
    """Forget events older than 7 days and idempotency keys older than 24 hours; returns how many."""
    return sum(connection.execute(statement, {"batch": BATCH}).rowcount for statement in (CHANGES, KEYS))
