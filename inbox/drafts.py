"""What an agent can do with a parked reply: send it, edited or not, or discard it.

Owns the statements of both. A draft is closed once: the second to try gets DraftClosed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from inbox.access import Agent
from inbox.act_parts import AS_OBJECT, ENTRY_COLUMNS, OLD, OLD_WAITS, last_word
from inbox.change import change_cte
from inbox.conversation import snippet_of
from inbox.errors import DraftClosed, NotFound
from inbox.saying import later

CLOSED = later("This parked reply was sent or discarded meanwhile.")
FIND = text(
    """
SELECT d.* FROM draft d
WHERE d.id = :draft AND d.conversation_id = :conversation AND d.project_id = :project
"""
)

OPEN_DRAFT = """
wanted AS (
    SELECT draft.* FROM draft JOIN old ON draft.conversation_id = old.id
    WHERE draft.id = :draft AND draft.state = 'open' FOR UPDATE OF draft)"""

# The position goes with the reply only where the conversation still stands where the turn began.
STATE = "NULLIF(old.metadata -> 'workflowState', 'null'::jsonb)"
APPLIES = f"(wanted.position IS NOT NULL AND {STATE} IS NOT DISTINCT FROM wanted.position_from)"

SEND = text(
    f"""
WITH {OLD},
{OPEN_DRAFT},
c AS (
    UPDATE conversation SET
        version = old.version + 1, epoch = old.epoch + 1, left_to_people = false, waiting_since = NULL,
        person_at = clock_timestamp(),
        {last_word("responder", "COALESCE(CAST(:snippet AS text), :draft_snippet)")},
        metadata = CASE WHEN {APPLIES} THEN
            {AS_OBJECT.format("old.metadata")}
                || jsonb_build_object('workflowState', wanted.position)
            ELSE conversation.metadata END
    FROM old, wanted WHERE conversation.id = old.id
    RETURNING conversation.*),
d AS (
    UPDATE draft SET state = 'sent', closed_at = clock_timestamp(), closed_by = :who,
        position_applied = CASE WHEN wanted.position IS NULL THEN NULL ELSE {APPLIES} END
    FROM c, old, wanted WHERE draft.id = wanted.id
    RETURNING draft.*),
m AS (
    INSERT INTO message
        (id, project_id, conversation_id, author, author_name, content, turn_id, sent_by, details, created_at)
    SELECT c.last_message_id, c.project_id, c.id, 'responder', 'AI', COALESCE(CAST(:content AS text), d.content),
        d.turn_id, :who, d.details, c.last_message_timestamp
    FROM c, d RETURNING *),
e AS (
    INSERT INTO timeline_event ({ENTRY_COLUMNS}, turn_id)
    SELECT c.project_id, c.id, c.version, 'message', 'agent', :who, :who_name,
        jsonb_build_object('message_id', m.id, 'draft_id', d.id, 'position_applied', d.position_applied), d.turn_id
    FROM c, d, m RETURNING *),
{change_cte(messages=("m",), drafts=("d",), entries=("e",))}
SELECT m.* FROM m
"""
)

# What is discarded has answered nobody, so its turn no longer says that it did: the one that starts when it is given
# back would find nothing to do. tests/concurrency/test_policies.py::test_what_was_discarded_is_answered_anew
DISCARD = text(
    f"""
WITH {OLD},
{OPEN_DRAFT},
c AS (
    UPDATE conversation SET version = old.version + 1, epoch = old.epoch + 1, left_to_people = {OLD_WAITS}
    FROM old, wanted WHERE conversation.id = old.id
    RETURNING conversation.*),
d AS (
    UPDATE draft SET state = 'discarded', closed_at = clock_timestamp(), closed_by = :who
    FROM c, wanted WHERE draft.id = wanted.id
    RETURNING draft.*),
t AS (UPDATE turn SET answers_up_to = NULL FROM d WHERE turn.id = d.turn_id),
e AS (
    INSERT INTO timeline_event ({ENTRY_COLUMNS}, turn_id)
    SELECT c.project_id, c.id, c.version, 'turn_dropped', 'agent', :who, :who_name,
        jsonb_build_object('reason', 'discarded', 'draft_id', d.id), d.turn_id
    FROM c, d RETURNING *),
{change_cte(drafts=("d",), entries=("e",))}
SELECT d.* FROM d
"""
)


def send(
    connection: Connection, who: Agent, conversation_id: int, draft_id: int, content: str | None
) -> Mapping[Any, Any]:
    """Post a parked reply as the responder's, with the agent's words if they edited it. Returns the message.

    Raises DraftClosed if it was sent or discarded before, NotFound for a draft of another conversation or project.
    """
    named = _named(who, conversation_id, draft_id)
    found = _find(connection, named)
    more = {"content": content, "snippet": None if content is None else snippet_of(content)}
    more["draft_snippet"] = snippet_of(found["content"])
    row = connection.execute(SEND, named | more).mappings().one_or_none()
    if row is None:
        raise DraftClosed(CLOSED)
    return row


def discard(connection: Connection, who: Agent, conversation_id: int, draft_id: int) -> Mapping[Any, Any]:
    """Close a parked reply unsent. Returns the draft; raises as `send` does."""
    named = _named(who, conversation_id, draft_id)
    _find(connection, named)
    row = connection.execute(DISCARD, named).mappings().one_or_none()
    if row is None:
        raise DraftClosed(CLOSED)
    return row


def _named(who: Agent, conversation_id: int, draft_id: int) -> dict[str, Any]:
    return {**who.asking, "conversation": conversation_id, "draft": draft_id}


def _find(connection: Connection, named: dict[str, Any]) -> Mapping[Any, Any]:
    found = connection.execute(FIND, named).mappings().one_or_none()
    if found is None:
        raise NotFound
    return found
