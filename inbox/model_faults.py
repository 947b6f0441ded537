"""Whether the model answers this project at all now: read from its newest hand-offs, kept nowhere.

Owns the statements that look. One that fails is a conversation's own affair; several in a row are a manager's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from inbox.access import Agent

Row = Mapping[Any, Any]
IN_A_ROW = 3  # failures; a server that is restarted loses one or two
WITHIN_MINUTES = 60
NEWEST_CONVERSATIONS = 20  # what whoever connects a model has tried lately

# What a turn says that asked no server, for each had failed before: why, an earlier one says. The words are
# responder/model.py's: tests/integration/test_model_faults.py::test_the_words_of_who_asked_nobody
ASKED_NOBODY = "Every endpoint is being left alone after repeated failures."

# The newest first, by the index of what reports count. What was answered since the first of them ends it.
FOUND = text(
    """
WITH failed AS MATERIALIZED (
    SELECT at, data ->> 'detail' AS detail, data ->> 'reason' AS reason FROM timeline_event
    WHERE project_id = :project AND kind = 'handed_off'
        AND at > statement_timestamp() - make_interval(mins => :minutes)
        AND data ->> 'reason' IN ('model_failed', 'model_timeout')
    ORDER BY at DESC LIMIT :many),
row AS (SELECT min(at) AS since, count(*) AS many FROM failed),
why AS (
    SELECT data ->> 'detail' AS detail FROM timeline_event
    WHERE project_id = :project AND kind = 'handed_off'
        AND at > statement_timestamp() - make_interval(mins => :minutes)
        AND data ->> 'reason' IN ('model_failed', 'model_timeout') AND data ->> 'detail' <> :asked_nobody
    ORDER BY at DESC LIMIT 1)
SELECT COALESCE((SELECT detail FROM why), failed.detail) AS detail, failed.reason, row.since, row.many
FROM failed CROSS JOIN row
WHERE row.many = :many AND NOT EXISTS (
    SELECT FROM turn WHERE project_id = :project AND ended_at > row.since AND status IN ('landed', 'parked'))
ORDER BY failed.at DESC LIMIT 1
"""
)

# However long ago, and at the same cost in a project of any size: a few conversations, each by its own indexes.
NEWEST = text(
    """
WITH newest AS MATERIALIZED (
    SELECT id FROM conversation WHERE project_id = :project AND last_message_id IS NOT NULL
    ORDER BY active_at DESC, id DESC LIMIT :many),
failed AS MATERIALIZED (
    SELECT e.at, e.data ->> 'detail' AS detail FROM newest CROSS JOIN LATERAL (
        SELECT at, data FROM timeline_event WHERE conversation_id = newest.id AND kind = 'handed_off'
        ORDER BY version DESC, id DESC LIMIT 1) AS e
    WHERE e.data ->> 'reason' IN ('model_failed', 'model_timeout')
    ORDER BY e.data ->> 'detail' = :asked_nobody, e.at DESC LIMIT 1)
SELECT failed.detail FROM failed WHERE NOT EXISTS (
    SELECT FROM newest JOIN turn ON turn.conversation_id = newest.id
    WHERE turn.ended_at > failed.at AND turn.status IN ('landed', 'parked'))
"""
)


def found(connection: Connection, who: Agent) -> Row | None:
    """What the newest failure said, with `since` and how many it were; None while the model answers.

    Managers alone are told: nobody else can do anything about it.
    """
    if not who.is_manager:
        return None
    parameters = {"project": who.project_id, "many": IN_A_ROW, "minutes": WITHIN_MINUTES}
    return connection.execute(FOUND, {**parameters, "asked_nobody": ASKED_NOBODY}).mappings().one_or_none()


def newest(connection: Connection, who: Agent) -> Row | None:
    """What the last failure said, though it be one: enough to say that a model which is set does not answer yet."""
    parameters = {"project": who.project_id, "many": NEWEST_CONVERSATIONS, "asked_nobody": ASKED_NOBODY}
    return connection.execute(NEWEST, parameters).mappings().one_or_none()
