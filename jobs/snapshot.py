"""What a claimed turn reads before it thinks: the conversation, its project, visitor, workflow and public words.

Owns the reading. Must not hold the connection afterwards, and never reads private notes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, text

from inbox.database import fetch_all, fetch_one
from inbox.spending import Caps
from jobs import toolbox
from jobs.values import Basis, Claimed, Drop, Work
from responder.snapshot import ConversationView, ProjectView, Said, Snapshot, VisitorView

HISTORY_MESSAGES = 60  # more than a prompt takes
MOST_WORKFLOWS = 32  # that a worker keeps at hand

CONVERSATION = text(
    """
SELECT c.version, c.epoch, c.status, c.priority, c.labels, c.assignee_id, c.responder_state, c.metadata,
    c.custom_attributes, c.visitor_id, v.name AS visitor_name, v.email AS visitor_email,
    v.custom_attributes AS visitor_attributes, p.name AS project_name, p.mode, p.instructions, p.language,
    p.responder_enabled, p.answers_when, p.cap_tokens_visitor_hour,
    p.cap_tokens_day, w.version AS workflow_version, CAST(w.definition AS text) AS workflow,
    EXISTS (SELECT FROM snippet s WHERE s.project_id = p.id) AS has_snippets
FROM conversation c
JOIN visitor v ON v.id = c.visitor_id
JOIN project p ON p.id = c.project_id
JOIN turn t ON t.id = :turn
LEFT JOIN workflow w ON p.mode = 'orchestrator' AND w.project_id = p.id
    AND w.version = COALESCE(t.workflow_version, p.workflow_version)
WHERE c.id = :conversation
"""
)

# The visitor's messages only as far as this turn answers them: a later one is the next turn's.
HISTORY = text(
    """
SELECT id, author, author_name, CASE WHEN details -> 'removed' IS NOT NULL THEN '[removed]' ELSE '' END
    || ltrim(content || COALESCE((
    SELECT string_agg(format(E'\n[%s was sent, a file of type %s]', f.name, f.type), '')
    FROM jsonb_to_recordset(details -> 'attachments') AS f (name text, type text)), ''), E'\n') AS content
FROM (
    SELECT id, author, author_name, content, details FROM message
    WHERE conversation_id = :conversation AND NOT private AND (author <> 'visitor' OR id <= :up_to)
    ORDER BY id DESC LIMIT :limit) AS newest
ORDER BY id
"""
)


def read(connection: Connection, claimed: Claimed) -> Work | None:
    """All that the turn may know; None if the conversation is gone. `refusal` says why it must not think."""
    of_turn = {"conversation": claimed.conversation_id, "turn": claimed.turn_id}
    row = fetch_one(connection, CONVERSATION, of_turn)
    if row is None:
        return None
    parameters = {
        "conversation": claimed.conversation_id,
        "up_to": claimed.answers_up_to or 0,
        "limit": HISTORY_MESSAGES,
    }
    history = tuple(Said(**said) for said in fetch_all(connection, HISTORY.text, parameters))
    basis = _basis(row)
    scope = {"project": claimed.project_id, "conversation": claimed.conversation_id, "visitor": row.visitor_id}
    box = toolbox.read(connection, claimed.project_id, scope) if row.workflow is not None else toolbox.NOTHING
    caps = Caps(row.cap_tokens_visitor_hour, row.cap_tokens_day)
    seen = _snapshot(claimed, row, history, basis, box)
    return Work(claimed, basis, seen, refusal(row, claimed), box, caps, row.has_snippets)


@dataclass(frozen=True, slots=True)
class Beginning:
    """What has to be known of a turn that is handed off without a thought. `refusal` says why not even that."""

    basis: Basis
    language: str
    refusal: Drop | None


def beginning(connection: Connection, claimed: Claimed) -> Beginning | None:
    """As little as can be; None if the conversation is gone. Whatever keeps a turn from thinking, its tools or what was
    said before it, must not keep its visitor from people:
    tests/integration/test_failing_turns.py::test_an_error_of_ours_is_tried_again_later_each_time_and_then_handed_off
    """
    row = fetch_one(connection, CONVERSATION, {"conversation": claimed.conversation_id, "turn": claimed.turn_id})
    return None if row is None else Beginning(_basis(row), row.language, refusal(row, claimed))


def _basis(row: Any) -> Basis:
    state = _object(row.metadata).get("workflowState")
    return Basis(row.version, row.epoch, state if isinstance(state, Mapping) else None, row.visitor_attributes)


def refusal(row: Any, claimed: Claimed) -> Drop | None:
    """Why a turn that was rightly queued must not think any more."""
    if not row.responder_enabled:
        return Drop("cancelled", "responder_off")
    if row.status == "spam":
        return Drop("cancelled", "spam")
    if row.responder_state != "active":
        return Drop("cancelled", "taken_over")
    if row.answers_when == "unassigned" and row.assignee_id is not None:
        return Drop("cancelled", "policy")
    if not claimed.answers:
        return Drop("superseded", "newer_turn")
    return None


def _snapshot(claimed: Claimed, row: Any, history: tuple[Said, ...], basis: Basis, box: toolbox.Toolbox) -> Snapshot:
    return Snapshot(
        project=ProjectView(claimed.project_id, row.project_name, row.mode, row.instructions, row.language),
        visitor=VisitorView(row.visitor_id, row.visitor_name, row.visitor_email, row.visitor_attributes),
        conversation=ConversationView(
            claimed.conversation_id, row.status, row.priority, tuple(row.labels), row.custom_attributes
        ),
        history=history,
        workflow=None if row.workflow is None else _definition(row.workflow),
        workflow_version=row.workflow_version,
        workflow_state=basis.workflow_state,
        tools=box.known,
    )


@lru_cache(maxsize=MOST_WORKFLOWS)
def _definition(workflow: str) -> Mapping[str, Any]:
    """Read once, and shared by all turns that wait in it: two or three KiB for each of its nodes."""
    return _object(json.loads(workflow))


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
