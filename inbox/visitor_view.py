"""What a visitor is told of their conversation, and what they may change of themselves.

Owns those statements. Must not tell what is the team's alone: notes, labels, the assignee, other conversations.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from inbox import person_asked, representation, working_hours
from inbox.errors import Invalid, NotFound
from inbox.ratings import SOLVED_VERSION
from inbox.visiting import GONE, Visit

CONVERSATION = text(
    f"""
SELECT c.id, c.status, c.responder_state, p.responder_enabled, p.widget_asks_email, p.widget_ask_person,
    v.email, v.verified, r.score,
    (SELECT m.author_name FROM message m
        WHERE m.conversation_id = c.id AND m.author = 'agent' AND NOT m.private ORDER BY m.id DESC LIMIT 1) AS person,
    EXISTS (SELECT FROM turn t WHERE t.conversation_id = c.id AND t.status IN ('queued', 'thinking')) AS answering
FROM conversation c JOIN project p ON p.id = c.project_id JOIN visitor v ON v.id = c.visitor_id
LEFT JOIN rating r ON r.conversation_id = c.id AND c.status = 'solved'
    AND r.solved_version = {SOLVED_VERSION.format(conversation="c.id")}
WHERE c.id = :conversation AND c.project_id = :project
"""
)
# A verified visitor's columns come from their signed identity, and from nothing that anybody types.
CHANGE = text(
    """
UPDATE visitor SET name = COALESCE(:name, name), email = COALESCE(:email, email), version = version + 1
WHERE id = :visitor AND project_id = :project AND NOT verified RETURNING id
"""
)


def conversation(connection: Connection, visit: Visit, *, people_here: bool) -> dict[str, Any]:
    """The conversation as SURFACE's visitor may see it. Raises NotFound."""
    parameters = {"conversation": visit.conversation_id, "project": visit.project_id}
    row = connection.execute(CONVERSATION, parameters).mappings().one_or_none()
    if row is None:
        raise NotFound(GONE)
    by_people = row["responder_state"] != "active" or not row["responder_enabled"]
    waits = by_people and not people_here
    now = datetime.now(UTC)
    back_at = working_hours.back_at(connection, visit.project_id, now) if waits else None
    may_ask, how = not by_people and row["status"] != "spam", row["widget_ask_person"]
    return {
        "id": row["id"],
        "status": row["status"],
        "answered_by": "people" if by_people else "ai",
        "answering": row["answering"],
        "handed_off": row["responder_state"] == "handed_off",
        "asks_for_person": may_ask and person_asked.may_ask(connection, visit, how, now, people_here=people_here),
        "person": row["person"],
        "people_here": people_here,
        "back_at": representation.moment(back_at),
        "asks_email": _asks(row, waits),
        "email": row["email"],
        "asks_rating": row["status"] == "solved" and row["score"] is None,
        "score": row["score"],
    }


def change(connection: Connection, visit: Visit, changes: Mapping[str, str | None]) -> None:
    """Set what the visitor says of themselves. It is unverified and opens nothing.

    Raises Invalid for a verified visitor, of whom the project's own site tells.
    """
    named = {"name": changes.get("name"), "email": changes.get("email")}
    found = connection.execute(CHANGE, {"visitor": visit.visitor_id, "project": visit.project_id, **named})
    if found.one_or_none() is None:
        raise Invalid("Who you are was told by the site that you came from.", fields=dict.fromkeys(changes, "is fixed"))


def _asks(row: Mapping[Any, Any], nobody_answers: bool) -> bool:
    if row["email"] or row["verified"] or row["status"] == "spam":
        return False
    return bool(row["widget_asks_email"] == "always" or (row["widget_asks_email"] == "when_nobody" and nobody_answers))
