"""An agent's words that are not sent yet, by conversation: kept across tabs, browsers and restarts.

Owns the table. The newest words win, by the database's clock: a page tells how long ago they were typed, so that no
machine's clock counts. Sent words leave an empty row behind, which later reports of older words cannot overwrite.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import Connection, text

from inbox.access import Agent
from inbox.errors import NotFound

Row = Mapping[Any, Any]
Kind = Literal["public", "note"]

KEEP = text(
    """
WITH saved AS (
    INSERT INTO unsent_text (project_id, agent_id, conversation_id, content, kind, edited_at)
    SELECT c.project_id, :who, c.id, :content, :kind, clock_timestamp() - make_interval(secs => :age)
    FROM conversation c WHERE c.id = :conversation AND c.project_id = :project
    ON CONFLICT (agent_id, conversation_id) DO UPDATE
        SET content = EXCLUDED.content, kind = EXCLUDED.kind, edited_at = EXCLUDED.edited_at
        WHERE unsent_text.edited_at <= EXCLUDED.edited_at
    RETURNING *)
SELECT *, true AS kept FROM saved UNION ALL
SELECT u.*, false AS kept FROM unsent_text u
WHERE u.agent_id = :who AND u.conversation_id = :conversation AND u.project_id = :project
    AND NOT EXISTS (SELECT 1 FROM saved)
"""
)
FIND = text(
    """
SELECT * FROM unsent_text WHERE agent_id = :who AND conversation_id = :conversation AND project_id = :project
"""
)


def keep(
    connection: Connection, who: Agent, conversation_id: int, content: str, kind: Kind, *, age_seconds: float = 0.0
) -> Row:
    """Keep the words unless newer ones are kept; returns what is kept now, `kept` telling whether these are.

    Raises NotFound.
    """
    parameters = {**_named(who, conversation_id), "content": content, "kind": kind, "age": max(0.0, age_seconds)}
    row = connection.execute(KEEP, parameters).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def find(connection: Connection, who: Agent, conversation_id: int) -> Row | None:
    """The agent's words in the conversation, or None where there never were any."""
    return connection.execute(FIND, _named(who, conversation_id)).mappings().one_or_none()


def clear(connection: Connection, who: Agent, conversation_id: int) -> None:
    """The words were sent."""
    keep(connection, who, conversation_id, "", "public")


def _named(who: Agent, conversation_id: int) -> dict[str, int]:
    return {"who": who.id, "project": who.project_id, "conversation": conversation_id}
