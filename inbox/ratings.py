"""What visitors think of how they were helped: one rating for each time that a conversation was solved.

Owns the table's statements. A rating never reopens a conversation and starts no turn; it is a step of the timeline.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from inbox.act_parts import ENTRY_HEAD, OLD
from inbox.change import change_cte
from inbox.errors import Invalid, NotFound
from inbox.visiting import GONE, Visit

Row = Mapping[Any, Any]

# The version that solved conversation `c` last: a person's or the clock's act, or the responder's own intent.
SOLVED_VERSION = """(
    SELECT max(e.version) FROM timeline_event e WHERE e.conversation_id = {conversation} AND (
        e.kind = 'status' AND e.data ->> 'to' = 'solved'
        OR e.kind = 'tool' AND e.data ->> 'tool' = 'set_status' AND e.data ->> 'outcome' = 'done'
            AND e.data -> 'wanted' ->> 'status' = 'solved'))"""

# The table's own rule decides between two that come at once: tests/integration/test_ratings.py::test_two_at_once
RATE = text(
    f"""
WITH {OLD},
r AS (
    INSERT INTO rating (project_id, conversation_id, visitor_id, solved_version, score, comment)
    SELECT old.project_id, old.id, old.visitor_id, solved.version, :score, :comment
    FROM old, LATERAL (SELECT {SOLVED_VERSION.format(conversation="old.id")} AS version) AS solved
    WHERE old.status = 'solved' AND solved.version IS NOT NULL
    ON CONFLICT (conversation_id, solved_version) DO NOTHING
    RETURNING *),
c AS (
    UPDATE conversation SET version = conversation.version + 1
    FROM r WHERE conversation.id = r.conversation_id RETURNING conversation.*),
e AS (
    {ENTRY_HEAD}
    SELECT c.project_id, c.id, c.version, 'rated', 'visitor', c.visitor_id, :name,
        jsonb_build_object('score', r.score, 'comment', r.comment)
    FROM c, r RETURNING *),
{change_cte(entries=("e",))}
SELECT old.status, r.* FROM old LEFT JOIN r ON true"""
)


def rate(connection: Connection, visit: Visit, score: int, comment: str) -> Row:
    """Keep the rating. Raises NotFound; Invalid where the conversation is not solved, or was rated since it was."""
    parameters = {
        "conversation": visit.conversation_id,
        "project": visit.project_id,
        "name": visit.visitor_name,
        "score": score,
        "comment": comment,
    }
    row = connection.execute(RATE, parameters).mappings().one_or_none()
    if row is None:
        raise NotFound(GONE)
    if row["id"] is None:
        why = "was given already" if row["status"] == "solved" else "is asked for once the conversation is solved"
        raise Invalid(f"This rating {why}.", fields={"score": why})
    return row


def listed(
    connection: Connection, project_id: int, *, conversation_id: int | None = None, before: int | None, limit: int
) -> list[Row]:
    """The project's ratings, or one conversation's, newest first."""
    more = "AND conversation_id = :conversation" if conversation_id is not None else ""
    earlier = "AND id < :before" if before is not None else ""
    statement = f"SELECT * FROM rating WHERE project_id = :project {more} {earlier} ORDER BY id DESC LIMIT :limit"
    parameters = {"project": project_id, "conversation": conversation_id, "before": before, "limit": limit}
    known = {name: value for name, value in parameters.items() if value is not None}
    return list(connection.execute(text(statement), known).mappings())
