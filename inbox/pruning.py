"""What may be forgotten, and when.

Owns the limits of keeping for the change log, idempotency keys, the log of webhooks, counters of tokens and what could
be undone. Must not touch what people wrote.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

# The moments are of statement_timestamp(): clock_timestamp() may say another for each row, so no index is asked by it.
BATCH = 5_000  # rows of one sweep, so that no statement is long

# Looks at the oldest positions only, so that a sweep with nothing to forget costs nothing, and forgets a beginning of
# the stream and no hole in it: what is left has every position from the oldest kept one on.
CHANGES = text(
    """
DELETE FROM change USING (
    SELECT id, bool_and(at < statement_timestamp() - interval '7 days') OVER (ORDER BY position) AS old
    FROM (SELECT id, position, at FROM change WHERE position IS NOT NULL ORDER BY position LIMIT :batch) AS oldest
) AS listed
WHERE change.id = listed.id AND listed.old
"""
)
KEYS = text(
    """
DELETE FROM idempotency_key WHERE (scope, key) IN (
    SELECT scope, key FROM idempotency_key WHERE created_at < statement_timestamp() - interval '24 hours' LIMIT :batch)
"""
)
DELIVERIES = text(
    """
DELETE FROM webhook_delivery WHERE id IN (
    SELECT id FROM webhook_delivery WHERE ended_at < statement_timestamp() - interval '14 days' LIMIT :batch)
"""
)
SPENDING = text(
    """
DELETE FROM spend WHERE (project_id, visitor_id, period) IN (
    SELECT project_id, visitor_id, period FROM spend
    WHERE period < statement_timestamp() - interval '2 days' LIMIT :batch)
"""
)
ACTS = text(
    """
DELETE FROM bulk_act WHERE id IN (
    SELECT id FROM bulk_act WHERE created_at < statement_timestamp() - interval '24 hours' LIMIT :batch)
"""
)

# The empty row that sent words leave behind is of use as long as a browser may still report older ones.
UNSENT = text(
    """
DELETE FROM unsent_text WHERE (agent_id, conversation_id) IN (
    SELECT agent_id, conversation_id FROM unsent_text
    WHERE content = '' AND edited_at < statement_timestamp() - interval '31 days' LIMIT :batch)
"""
)


def prune(connection: Connection) -> int:
    """Forget events older than 7 days, idempotency keys older than 24 hours, deliveries that ended 14 days ago,
    counters of tokens of 2 days ago and what could be undone after a day; of sent words the empty row after 31 days.

    Returns how many.
    """
    statements = (CHANGES, KEYS, DELIVERIES, SPENDING, UNSENT, ACTS)
    return sum(connection.execute(statement, {"batch": BATCH}).rowcount for statement in statements)
