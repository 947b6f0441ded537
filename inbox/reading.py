"""What people look at: lists, one conversation, its messages, turns, drafts and timeline.

Owns the reading statements, each scoped by project. Must not write.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from inbox.errors import NotFound

Row = Mapping[Any, Any]

LIVE_TURN = """
LEFT JOIN LATERAL (
    SELECT to_jsonb(turn) AS row FROM turn
    WHERE turn.conversation_id = c.id AND turn.status IN ('queued', 'thinking')) live ON true"""
SHOWN = f"""
SELECT c.*, to_jsonb(v) AS visitor, a.name AS assignee_name, live.row AS live_turn,
    EXISTS (SELECT 1 FROM draft d WHERE d.conversation_id = c.id AND d.state = 'open') AS has_draft,
    lm.author AS last_author, lm.author_name AS last_author_name
FROM conversation c
JOIN visitor v ON v.id = c.visitor_id
LEFT JOIN agent a ON a.id = c.assignee_id
LEFT JOIN message lm ON lm.id = c.last_message_id
{LIVE_TURN}"""

CONVERSATION = text(f"{SHOWN} WHERE c.id = :conversation AND c.project_id = :project")
EXISTS = text("SELECT 1 FROM conversation WHERE id = :conversation AND project_id = :project")


@dataclass(frozen=True)
class Filter:
    """What a list shows. `assignee` is an agent's id or "none"; `before` is (active_at, id) of the last row seen."""

    statuses: Sequence[str] = ()
    assignee: int | str | None = None
    responder_states: Sequence[str] = ()
    label: str | None = None
    words: str | None = None
    thinking: bool = False
    parked: bool = False
    before: tuple[str, int] | None = None
    limit: int = 50


def conversations(connection: Connection, project_id: int, wanted: Filter) -> list[Row]:
    """Conversations, newest activity first, at most `limit`; keyset, so that page 10,000 costs what page 1 does."""
    conditions = ["c.project_id = :project"]
    parameters: dict[str, Any] = {"project": project_id, "limit": wanted.limit}
    for clause, name, value in _conditions(wanted):
        conditions.append(clause)
        if name:
            parameters[name] = value
    if wanted.before is not None:
        conditions.append("(c.active_at, c.id) < (CAST(:before_at AS timestamptz), :before_id)")
        parameters |= {"before_at": wanted.before[0], "before_id": wanted.before[1]}
    statement = f"{SHOWN} WHERE {' AND '.join(conditions)} ORDER BY c.active_at DESC, c.id DESC LIMIT :limit"
    return list(connection.execute(text(statement), parameters).mappings())


def _conditions(wanted: Filter) -> list[tuple[str, str, Any]]:
    found: list[tuple[str, str, Any]] = []
    if wanted.statuses:
        found.append(("c.status = ANY(:statuses)", "statuses", list(wanted.statuses)))
    if wanted.assignee == "none":
        found.append(("c.assignee_id IS NULL", "", None))
    elif wanted.assignee is not None:
        found.append(("c.assignee_id = :assignee", "assignee", wanted.assignee))
    if wanted.responder_states:
        found.append(("c.responder_state = ANY(:responder_states)", "responder_states", list(wanted.responder_states)))
    if wanted.label is not None:
        found.append((":label = ANY(c.labels)", "label", wanted.label))
    if wanted.words:
        found.append((WORDS, "words", f"%{_like(wanted.words)}%"))
    if wanted.thinking:
        found.append(("live.row IS NOT NULL", "", None))
    if wanted.parked:
        parked = "EXISTS (SELECT 1 FROM draft d WHERE d.conversation_id = c.id AND d.state = 'open')"
        found.append((parked, "", None))
    return found


WORDS = """(v.name ILIKE :words OR v.email ILIKE :words OR EXISTS (
    SELECT 1 FROM message m WHERE m.conversation_id = c.id AND m.content ILIKE :words))"""


def _like(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def conversation(connection: Connection, project_id: int, conversation_id: int) -> Row:
    """One conversation with its visitor, assignee's name and live turn. Raises NotFound."""
    parameters = {"conversation": conversation_id, "project": project_id}
    row = connection.execute(CONVERSATION, parameters).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


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


def newest_messages(connection: Connection, conversation_id: int, limit: int) -> list[Row]:
    """The newest messages and notes, oldest first."""
    statement = """SELECT * FROM (
        SELECT * FROM message WHERE conversation_id = :conversation ORDER BY id DESC LIMIT :limit) newest ORDER BY id"""
    return _rows(connection, statement, conversation=conversation_id, limit=limit)


def newest_notes(connection: Connection, conversation_id: int, limit: int) -> list[Row]:
    """The newest notes, newest first."""
    statement = """SELECT * FROM message WHERE conversation_id = :conversation AND private
        ORDER BY id DESC LIMIT :limit"""
    return _rows(connection, statement, conversation=conversation_id, limit=limit)


def labels(connection: Connection, project_id: int) -> list[str]:
    """The labels of the project's newest conversations, the most used first: what one may want to put on another."""
    statement = """SELECT label FROM (
            SELECT labels FROM conversation WHERE project_id = :project ORDER BY active_at DESC, id DESC LIMIT 2000
        ) AS recent, unnest(recent.labels) AS label GROUP BY label ORDER BY count(*) DESC, label LIMIT 200"""
    return [row["label"] for row in _rows(connection, statement, project=project_id)]


def turns(connection: Connection, conversation_id: int, *, before: int | None, limit: int) -> list[Row]:
    """Turns, newest first."""
    return _newest(connection, "turn", conversation_id, before, limit)


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
    """The project's settings."""
    return _rows(connection, "SELECT * FROM project WHERE id = :project", project=project_id)[0]


def project_by_key(connection: Connection, key: str) -> Row | None:
    """The project of a widget key, or None."""
    found = _rows(connection, "SELECT * FROM project WHERE key = :key", key=key)
    return found[0] if found else None


def workflow(connection: Connection, project_id: int) -> Row | None:
    """The current version of the project's workflow, or None."""
    found = _rows(
        connection,
        """SELECT w.version, w.definition FROM workflow w JOIN project p ON p.id = w.project_id
        WHERE p.id = :project AND w.version = p.workflow_version""",
        project=project_id,
    )
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
    return list(connection.execute(text(statement), parameters).mappings())
