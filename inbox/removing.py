"""Taking a message or note back for good: its words and files go from wherever they are kept, its place stays.

Owns what a removal touches. The row stays with its id and author, so that whatever goes by messages (what is answered,
read, newest) stands as it was, and a turn that thinks meanwhile lands as it would have. Forgetting a visitor whole is
inbox/visitors.py's. What was backed up, told to a webhook or quoted by others before is not ours to take back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from inbox.access import Agent
from inbox.act_parts import ENTRY_FROM_C, ENTRY_HEAD, OLD
from inbox.change import change_cte
from inbox.errors import Forbidden, NotFound
from inbox.saying import later

Row = Mapping[Any, Any]
FOR_THEIR_WRITER = later("Only who wrote it, or a manager, removes a message. Ask one of them.")

# Whoever writes in this conversation waits from here on, so that what follows sees all that was kept of the message.
# So does every event stream, where the log of it has no positions yet: a process that stalls is not waited for.
LOCK = text(
    """
SELECT set_config('idle_in_transaction_session_timeout', '5s', true)
FROM conversation WHERE id = :conversation AND project_id = :project FOR NO KEY UPDATE
"""
)
FIND = text("SELECT * FROM message WHERE id = :message AND conversation_id = :conversation AND project_id = :project")
# Whose it is to answer, or nobody's, stays:
# tests/integration/test_removing.py::test_whose_it_is_to_answer
REMOVE = text(
    f"""
WITH {OLD},
c AS (
    UPDATE conversation SET version = old.version + 1, epoch = old.epoch + 1, last_message_snippet = CASE
        WHEN old.last_message_id = :message THEN '' ELSE old.last_message_snippet END
    FROM old WHERE conversation.id = old.id RETURNING conversation.*),
m AS (
    UPDATE message SET content = '', details = jsonb_strip_nulls(jsonb_build_object('removed', true,
        'left_to_people', details -> 'left_to_people', 'needs_no_answer', details -> 'needs_no_answer'))
    FROM c WHERE message.id = :message AND message.conversation_id = c.id RETURNING message.*),
s AS (
    DELETE FROM message_search USING m
    WHERE message_search.conversation_id = m.conversation_id AND message_search.message_id = m.id),
n AS (DELETE FROM mention USING m WHERE mention.message_id = m.id),
d AS (UPDATE draft SET content = '' FROM m WHERE draft.turn_id = m.turn_id AND draft.state = 'sent'),
e AS (
    {ENTRY_HEAD}
    {ENTRY_FROM_C}
    FROM c, m, LATERAL (VALUES ('message_removed', jsonb_build_object(
        'message_id', m.id, 'note', m.private, 'author', m.author))) AS listed (kind, data)
    RETURNING *),
{change_cte(removed=("m",), entries=("e",))}
SELECT m.* FROM m"""
)
FORGET_FILES = text("DELETE FROM attachment WHERE message_id = :message RETURNING key")

# What follows holds words without belonging to the message: the timeline, of a note that the AI wished to write; the
# change log, which streams resume by; answers kept for a repetition, which keep their place so that nothing is said
# twice; and what was or is to be told to webhooks. The change log has no index by conversation, so it is read from its
# end to where the message came: ids rise with the time, but for transactions that overlap. Event streams may wait for
# what is changed there, so the kept answers, of which there are many, are looked through before:
# tests/integration/test_removing.py::test_streams_wait_for_nothing_that_is_looked_through. Deliveries come behind the
# log, as jobs/feeding.py relies on.
FORGET = (
    text(
        """
UPDATE timeline_event SET data = jsonb_set(data, '{wanted,content}', '""')
WHERE conversation_id = :conversation AND turn_id = :turn
    AND data ->> 'tool' = 'add_note' AND data -> 'wanted' ->> 'content' = CAST(:words AS text)
"""
    ),
    text(
        """
UPDATE idempotency_key SET body = (
    SELECT json_object_agg(key, CASE key WHEN 'content' THEN '""' WHEN 'attachments' THEN '[]'
        WHEN 'removed' THEN 'true' ELSE value END)
    FROM json_each(body))
WHERE CAST(body ->> 'conversation_id' AS text) = CAST(:conversation AS text)
    AND CAST(body ->> 'id' AS text) = CAST(:message AS text) AND body -> 'content' IS NOT NULL
"""
    ),
    text(
        """
UPDATE change SET body = body || jsonb_build_object(
    'messages', (SELECT COALESCE(jsonb_agg(CASE WHEN one ->> 'id' = CAST(:message AS text) THEN (
        SELECT to_jsonb(m) FROM message m WHERE m.id = CAST(:message AS bigint)) ELSE one END ORDER BY place), '[]')
        FROM jsonb_array_elements(body -> 'messages') WITH ORDINALITY AS listed (one, place)),
    'edited', (SELECT COALESCE(jsonb_agg(CASE WHEN one ->> 'id' = CAST(:message AS text) THEN (
        SELECT to_jsonb(m) FROM message m WHERE m.id = CAST(:message AS bigint)) ELSE one END ORDER BY place), '[]')
        FROM jsonb_array_elements(body -> 'edited') WITH ORDINALITY AS listed (one, place)),
    'drafts', (SELECT COALESCE(jsonb_agg(CASE WHEN one ->> 'turn_id' = CAST(:turn AS text)
        THEN one || '{"content": ""}' ELSE one END ORDER BY place), '[]')
        FROM jsonb_array_elements(body -> 'drafts') WITH ORDINALITY AS listed (one, place)),
    'entries', (SELECT COALESCE(jsonb_agg(CASE WHEN one ->> 'turn_id' = CAST(:turn AS text)
        AND one -> 'data' ->> 'tool' = 'add_note' AND one -> 'data' -> 'wanted' ->> 'content' = CAST(:words AS text)
        THEN jsonb_set(one, '{data,wanted,content}', '""') ELSE one END ORDER BY place), '[]')
        FROM jsonb_array_elements(body -> 'entries') WITH ORDINALITY AS listed (one, place)),
    'conversation', CASE WHEN body -> 'conversation' ->> 'last_message_id' = CAST(:message AS text)
        THEN body -> 'conversation' || '{"last_message_snippet": ""}' ELSE body -> 'conversation' END)
WHERE conversation_id = :conversation AND id > COALESCE((
    SELECT id FROM change WHERE at < CAST(:written AS timestamptz) - interval '10 minutes'
    ORDER BY id DESC LIMIT 1), 0)
"""
    ),
    text(
        """
UPDATE webhook_delivery SET body = CAST(jsonb_set(CAST(body AS jsonb), '{data}', data || CASE
    WHEN kind IN ('message.created', 'message.edited') THEN jsonb_build_object(
        'message', data -> 'message' || '{"content": "", "attachments": [], "removed": true}')
    WHEN kind = 'draft.updated' THEN jsonb_build_object('draft', data -> 'draft' || '{"content": ""}')
    WHEN kind = 'timeline.created' THEN jsonb_build_object(
        'entry', jsonb_set(data -> 'entry', '{data,wanted,content}', '""') || '{"text": ""}')
    ELSE jsonb_build_object('conversation', data -> 'conversation' || '{"last_message_snippet": ""}') END) AS text)
FROM (SELECT id AS told, CAST(body AS jsonb) -> 'data' AS data FROM webhook_delivery
    WHERE conversation_id = :conversation) AS sent
WHERE id = told AND CASE
    WHEN kind IN ('message.created', 'message.edited') THEN data -> 'message' ->> 'id' = CAST(:message AS text)
    WHEN kind = 'draft.updated' THEN data -> 'draft' ->> 'turn_id' = CAST(:turn AS text)
    WHEN kind = 'timeline.created' THEN data -> 'entry' ->> 'turn_id' = CAST(:turn AS text)
        AND data -> 'entry' -> 'data' ->> 'tool' = 'add_note'
        AND data -> 'entry' -> 'data' -> 'wanted' ->> 'content' = CAST(:words AS text)
    WHEN kind = 'conversation.updated' THEN data -> 'conversation' ->> 'last_message_id' = CAST(:message AS text)
    ELSE false END
"""
    ),
)


@dataclass(frozen=True)
class Removed:
    """The message without its words, and the files whose bytes are to be deleted (attachments.delete_bytes)."""

    message: Row
    files: Sequence[str] = ()


def may_remove(who: Agent, message: Row) -> bool:
    """Whether the message or note is theirs to take back: what they wrote or sent, a manager's is every one."""
    writer = message["sent_by"] or (message["author_id"] if message["author"] == "agent" else None)
    return who.is_manager or writer == who.id


def held(connection: Connection, named: Mapping[str, Any]) -> Row:
    """The message; its conversation is written by nobody else until the transaction ends. Raises NotFound."""
    if connection.execute(LOCK, named).one_or_none() is None:
        raise NotFound
    row = connection.execute(FIND, named).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def remove(connection: Connection, who: Agent, conversation_id: int, message_id: int) -> Removed:
    """Take the words and files of a message or note away; one that is removed already is answered as it is.

    Must run in a transaction. Raises NotFound, and Forbidden for another's unless they are a manager.
    """
    named = {**who.asking, "conversation": conversation_id, "message": message_id}
    row = held(connection, named)
    if not may_remove(who, row):
        raise Forbidden(FOR_THEIR_WRITER)
    if "removed" in row["details"]:
        return Removed(row)
    removed = connection.execute(REMOVE, named).mappings().one()
    files = connection.execute(FORGET_FILES, named).scalars().all()
    told = {"turn": row["turn_id"], "written": row["created_at"], "words": row["content"]}
    for statement in FORGET:
        connection.execute(statement, named | told)
    return Removed(removed, files)
