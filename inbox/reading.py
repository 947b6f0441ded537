"""What people look at: one conversation, its messages, turns, drafts and timeline.

Owns the reading statements, each scoped by project. Must not write.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from inbox.database import fetch_all
from inbox.errors import NotFound
from inbox.listed import HANDED_OFF_WHY

Row = Mapping[Any, Any]

LIVE_TURN = """
LEFT JOIN LATERAL (
    SELECT to_jsonb(turn) AS row FROM turn
    WHERE turn.conversation_id = c.id AND turn.status IN ('queued', 'thinking')) live ON true"""


def _last(kept: str, author: str) -> str:
    """Of the last author, as the conversation keeps it: its messages are in a far larger table. There it is looked for
    where an earlier release saved the last one, and kept no author of it.
    """
    return f"""CASE WHEN c.last_said_id = c.last_message_id THEN {kept}
        ELSE (SELECT {author} FROM message m WHERE m.id = c.last_message_id) END"""


LAST_AUTHOR = _last("c.last_said_by", "m.author")
LAST_AUTHOR_NAME = _last("c.last_said_name", "CASE m.author WHEN 'agent' THEN m.author_name END")
COLUMNS = f"""
SELECT c.*, to_jsonb(v) AS visitor, a.name AS assignee_name, live.row AS live_turn,
    EXISTS (SELECT 1 FROM draft d WHERE d.conversation_id = c.id AND d.state = 'open') AS has_draft,
    {LAST_AUTHOR} AS last_author, {LAST_AUTHOR_NAME} AS last_author_name,
    CASE WHEN c.responder_state = 'handed_off' THEN {HANDED_OFF_WHY} END AS handed_off_why"""
AROUND = f"""
JOIN visitor v ON v.id = c.visitor_id
LEFT JOIN agent a ON a.id = c.assignee_id
{LIVE_TURN}"""

SHOWN = f"{COLUMNS} FROM conversation c {AROUND}"
CONVERSATION = text(f"{SHOWN} WHERE c.id = :conversation AND c.project_id = :project")
EXISTS = text("SELECT 1 FROM conversation WHERE id = :conversation AND project_id = :project")


def conversation(connection: Connection, project_id: int, conversation_id: int) -> Row:
    """One conversation with its visitor, assignee's name and live turn. Raises NotFound."""
    found = _rows(connection, CONVERSATION.text, conversation=conversation_id, project=project_id)
    if not found:
        raise NotFound
    return found[0]


def require(connection: Connection, project_id: int, conversation_id: int) -> None:
    """Raise NotFound unless the conversation is the project's."""
    if connection.execute(EXISTS, {"conversation": conversation_id, "project": project_id}).one_or_none() is None:
        raise NotFound


def messages(
    connection: Connection, conversation_id: int, *, after: int = 0, limit: int = 50, public_only: bool = False
) -> list[Row]:
    """Messages after the id `after`, oldest first. The caller has checked whose conversation it is."""
    public = "AND NOT private" if public_only else ""
    statement = f"""SELECT * FROM message WHERE conversation_id = :conversation AND id > :after {public}
        ORDER BY id LIMIT :limit"""
    return _rows(connection, statement, conversation=conversation_id, after=after, limit=limit)


def notes(connection: Connection, conversation_id: int, *, after: int = 0, limit: int = 50) -> list[Row]:
    """Notes after the id `after`, oldest first. The caller has checked whose conversation it is."""
    statement = """SELECT * FROM message WHERE conversation_id = :conversation AND id > :after AND private
        ORDER BY id LIMIT :limit"""
    return _rows(connection, statement, conversation=conversation_id, after=after, limit=limit)


def newest_messages(
    connection: Connection, conversation_id: int, limit: int, *, before: int | None = None
) -> list[Row]:
    """The newest messages and notes, or those before an id, oldest first."""
    return _newest(connection, "message", conversation_id, before, limit)[::-1]


def is_public(connection: Connection, conversation_id: int, message_id: int) -> bool:
    """Whether the conversation has this message, and its visitor may see it."""
    statement = "SELECT FROM message WHERE id = :message AND conversation_id = :conversation AND NOT private"
    return bool(_rows(connection, statement, conversation=conversation_id, message=message_id))


def how_many_since(connection: Connection, conversation_id: int, first: int, most: int) -> int:
    """How many messages and notes there are from this id on; no more than `most` are counted."""
    statement = """SELECT count(*) AS many FROM (
        SELECT FROM message WHERE conversation_id = :conversation AND id >= :first LIMIT :most) AS since"""
    return int(_rows(connection, statement, conversation=conversation_id, first=first, most=most)[0]["many"])


def unread_from(connection: Connection, conversation_id: int, unread: int) -> int | None:
    """The id of the first of so many unread messages of the visitor, or None where nothing is unread."""
    statement = """SELECT id FROM message WHERE conversation_id = :conversation AND author = 'visitor'
        ORDER BY id DESC OFFSET :before LIMIT 1"""
    found = _rows(connection, statement, conversation=conversation_id, before=unread - 1) if unread > 0 else []
    return found[0]["id"] if found else None


def newest_notes(connection: Connection, conversation_id: int, limit: int) -> list[Row]:
    """The newest notes, newest first."""
    statement = """SELECT * FROM message WHERE conversation_id = :conversation AND private
        AND details -> 'removed' IS NULL ORDER BY id DESC LIMIT :limit"""
    return _rows(connection, statement, conversation=conversation_id, limit=limit)


def labels(connection: Connection, project_id: int) -> list[str]:
    """The labels of the project's newest conversations, the most used first, and those that were made for it: what one
    may want to put on another.
    """
    statement = """SELECT label FROM (
            (SELECT labels FROM conversation WHERE project_id = :project ORDER BY active_at DESC, id DESC LIMIT 2000)
            UNION ALL SELECT ARRAY[name] FROM label_colour WHERE project_id = :project
        ) AS recent (labels), unnest(recent.labels) AS label GROUP BY label ORDER BY count(*) DESC, label LIMIT 200"""
    return [row["label"] for row in _rows(connection, statement, project=project_id)]


def turns(connection: Connection, conversation_id: int, *, before: int | None, limit: int) -> list[Row]:
    """Turns, newest first."""
    return _newest(connection, "turn", conversation_id, before, limit)


def given_up(connection: Connection, conversation_id: int) -> Row | None:
    """The newest turn where it was stopped or failed and nothing has been said since, with who stopped it (`by`)."""
    found = _rows(connection, GIVEN_UP, conversation=conversation_id)
    return found[0] if found else None


GIVEN_UP = """
SELECT t.*, e.actor_name AS by, e.actor_id AS by_id
FROM (SELECT * FROM turn WHERE conversation_id = :conversation ORDER BY id DESC LIMIT 1) t
LEFT JOIN timeline_event e
    ON e.conversation_id = :conversation AND e.turn_id = t.id AND e.kind = 'turn_dropped' AND e.actor_type = 'agent'
WHERE (t.status = 'failed' OR (t.status = 'cancelled' AND t.reason = 'stopped')) AND NOT EXISTS (
    SELECT 1 FROM message m
    WHERE m.conversation_id = :conversation AND NOT m.private AND m.created_at > t.ended_at)
"""


def drafts(connection: Connection, conversation_id: int, *, before: int | None, limit: int) -> list[Row]:
    """Drafts, newest first."""
    return _newest(connection, "draft", conversation_id, before, limit)


def timeline(connection: Connection, conversation_id: int, *, after: int = 0, limit: int = 50) -> list[Row]:
    """Timeline entries after the id `after`, oldest first."""
    statement = """SELECT * FROM timeline_event WHERE conversation_id = :conversation AND id > :after
        ORDER BY id LIMIT :limit"""
    return _rows(connection, statement, conversation=conversation_id, after=after, limit=limit)


def newest_timeline(connection: Connection, conversation_id: int, limit: int) -> list[Row]:
    """The newest timeline entries, newest first."""
    return _newest(connection, "timeline_event", conversation_id, None, limit)


def project(connection: Connection, project_id: int) -> Row:
    """The project's settings. Raises NotFound."""
    found = _rows(connection, "SELECT * FROM project WHERE id = :project", project=project_id)
    if not found:
        raise NotFound
    return found[0]


def project_by_key(connection: Connection, key: str) -> Row | None:
    """The project of a widget key, or None."""
    found = _rows(connection, "SELECT * FROM project WHERE key = :key", key=key)
    return found[0] if found else None


def members(connection: Connection, project_id: int) -> list[Row]:
    """The project's agents, by name."""
    statement = """SELECT a.id, a.name, a.email, m.role FROM membership m JOIN agent a ON a.id = m.agent_id
        WHERE m.project_id = :project ORDER BY a.name, a.id"""
    return _rows(connection, statement, project=project_id)


def _newest(connection: Connection, table: str, conversation_id: int, before: int | None, limit: int) -> list[Row]:
    earlier = "AND id < :before" if before is not None else ""
    statement = f"SELECT * FROM {table} WHERE conversation_id = :conversation {earlier} ORDER BY id DESC LIMIT :limit"
    more = {"before": before} if before is not None else {}
    return _rows(connection, statement, conversation=conversation_id, limit=limit, **more)


def _rows(connection: Connection, statement: str, **parameters: Any) -> list[Row]:
    return fetch_all(connection, statement, parameters)
