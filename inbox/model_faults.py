"""Whether the model answers this project at all now: read from its newest hand-offs, kept nowhere.

Owns the one statement that looks. One that fails is a conversation's own affair; several in a row are a manager's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from inbox.access import Agent

Row = Mapping[Any, Any]
IN_A_ROW = 3  # failures; a server that is restarted loses one or two
WITHIN_MINUTES = 60
OF_SETTING_UP_MINUTES = 24 * 60  # whoever connects a model asks once, and comes back to it tomorrow

# The newest first, by the index of what reports count. What was answered since the first of them ends it.
FOUND = text(
    """
WITH failed AS MATERIALIZED (
    SELECT at, data ->> 'detail' AS detail, data ->> 'reason' AS reason FROM timeline_event
    WHERE project_id = :project AND kind = 'handed_off'
        AND at > statement_timestamp() - make_interval(mins => :minutes)
        AND data ->> 'reason' IN ('model_failed', 'model_timeout')
    ORDER BY at DESC LIMIT :many),
row AS (SELECT min(at) AS since, count(*) AS many FROM failed)
SELECT failed.detail, failed.reason, row.since, row.many FROM failed CROSS JOIN row
WHERE row.many = :many AND NOT EXISTS (
    SELECT FROM turn WHERE project_id = :project AND ended_at > row.since AND status IN ('landed', 'parked'))
ORDER BY failed.at DESC LIMIT 1
"""
)


def found(connection: Connection, who: Agent) -> Row | None:
    """What the newest failure said, with `since` and how many it were; None while the model answers.

    Managers alone are told: nobody else can do anything about it.
    """
    return _found(connection, who, IN_A_ROW, WITHIN_MINUTES) if who.is_manager else None


def newest(connection: Connection, who: Agent) -> Row | None:
    """The same of one failure alone: enough to say that a model which is being connected does not answer yet."""
    return _found(connection, who, 1, OF_SETTING_UP_MINUTES)


def _found(connection: Connection, who: Agent, many: int, minutes: int) -> Row | None:
    parameters = {"project": who.project_id, "many": many, "minutes": minutes}
    return connection.execute(FOUND, parameters).mappings().one_or_none()
