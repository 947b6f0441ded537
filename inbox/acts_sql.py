"""The statements behind what agents can do: one each, each naming the columns that it writes.

Owns the SQL only; inbox/acts.py gives the functions. Every act of a person adds one to version and to epoch, and a
statement that changes nothing adds nothing. None waits for a model or for the Redis lock.
"""

from __future__ import annotations

from functools import cache

from sqlalchemy import TextClause, text

from inbox.act_parts import (
    AS_OBJECT,
    CANCEL_QUEUED,
    CHANGES,
    DUE,
    ENTRY_COLUMNS,
    ENTRY_FROM_C,
    ENTRY_HEAD,
    FOUND,
    FRESH,
    GIVEN_BACK,
    GUARD,
    MEANT,
    MENTIONED,
    NEXT_AFTER_STOP,
    OLD,
    OLD_WAITS,
    SETTABLE,
    SHOWN,
    TURN_OF_GIVING_BACK,
    UNANSWERED,
    VISITOR,
    last_word,
    written,
)
from inbox.attachments import LINK
from inbox.change import change_cte


@cache
def patch(columns: frozenset[str], *, guarded: bool) -> TextClause:
    """PATCH of these columns; with `guarded` only at the version that the caller saw (If-Match)."""
    sets, where = written({name: SETTABLE[name] for name in SETTABLE if name in columns})
    guard = GUARD if guarded else ""
    return text(
        f"""
WITH {OLD},
c AS (
    UPDATE conversation SET version = old.version + 1, epoch = old.epoch + 1{sets}
    FROM old WHERE conversation.id = old.id AND ({where}){guard}
    RETURNING conversation.*),
{CHANGES},
{change_cte(entries=("e",))},
{FOUND}
{SHOWN}"""
    )


CLAIM = text(
    f"""
WITH {OLD},
c AS (
    UPDATE conversation SET
        version = old.version + 1, epoch = old.epoch + 1, assignee_id = :who, assigned_at = clock_timestamp()
    FROM old WHERE conversation.id = old.id AND old.assignee_id IS NULL
    RETURNING conversation.*),
{CHANGES},
{change_cte(entries=("e",))},
{FOUND}
{SHOWN}"""
)

# What an agent has not seen of what the visitor was told by a person: in their own words, or with a parked reply.
SAID_BY_A_COLLEAGUE = """o.id > :seen AND NOT o.private
        AND COALESCE(o.sent_by, CASE o.author WHEN 'agent' THEN o.author_id END) <> :who"""
FASTER = text(
    f"""
SELECT a.id, a.name, o.created_at AS at
FROM message o JOIN conversation c ON c.id = o.conversation_id
JOIN agent a ON a.id = COALESCE(o.sent_by, CASE o.author WHEN 'agent' THEN o.author_id END)
WHERE c.id = :conversation AND c.project_id = :project AND {SAID_BY_A_COLLEAGUE}
ORDER BY o.id LIMIT 1"""
)
REPLY = text(
    f"""
WITH {FRESH},
c AS (
    UPDATE conversation SET
        version = old.version + 1, epoch = old.epoch + 1, responder_state = 'paused', left_to_people = false,
        person_at = clock_timestamp(), {last_word("agent", ":snippet", name=":who_name")}
    FROM old, fresh WHERE conversation.id = old.id AND fresh.fresh AND NOT EXISTS (
        SELECT 1 FROM message o WHERE o.conversation_id = old.id AND {SAID_BY_A_COLLEAGUE})
    RETURNING conversation.*),
m AS (
    INSERT INTO message (id, project_id, conversation_id, author, author_id, author_name, content, details, created_at)
    SELECT c.last_message_id, c.project_id, c.id, 'agent', :who, :who_name, :content, CAST(:details AS jsonb),
        c.last_message_timestamp
    FROM c RETURNING *),{LINK}
{CANCEL_QUEUED},
e AS (
    {ENTRY_HEAD}
    {ENTRY_FROM_C}
    FROM c JOIN old ON old.id = c.id, LATERAL (VALUES
        (1, 'message', jsonb_build_object('message_id', c.last_message_id), true),
        (2, 'taken_over', '{{}}'::jsonb, old.responder_state <> 'paused')
    ) AS listed (place, kind, data, happened)
    WHERE listed.happened ORDER BY listed.place
    RETURNING *),
{change_cte(messages=("m",), turns=("t",), entries=("e",))}
SELECT m.*, fresh.fresh FROM fresh LEFT JOIN m ON true"""
)

NOTE = text(
    f"""
WITH {OLD},
{MEANT},
c AS (
    UPDATE conversation SET version = old.version + 1, epoch = old.epoch + 1
    FROM old WHERE conversation.id = old.id
    RETURNING conversation.*),
m AS (
    INSERT INTO message (project_id, conversation_id, author, author_id, author_name, content, private, details)
    SELECT c.project_id, c.id, 'agent', :who, :who_name, :content, true, {MENTIONED} || CAST(:details AS jsonb)
    FROM c RETURNING *),{LINK}
n AS (
    INSERT INTO mention (message_id, agent_id, project_id, conversation_id)
    SELECT m.id, meant.id, m.project_id, m.conversation_id FROM m, meant),
e AS (
    {ENTRY_HEAD}
    {ENTRY_FROM_C}
    FROM c, m, LATERAL (VALUES ('note', jsonb_build_object('message_id', m.id))) AS listed (kind, data)
    RETURNING *),
{change_cte(messages=("m",), entries=("e",))}
SELECT m.* FROM m"""
)

TAKE_OVER = text(
    f"""
WITH {FRESH},
c AS (
    UPDATE conversation SET
        version = old.version + 1, epoch = old.epoch + 1, responder_state = 'paused', person_at = clock_timestamp(),
        left_to_people = {OLD_WAITS}
    FROM old, fresh WHERE conversation.id = old.id AND fresh.fresh AND old.responder_state <> 'paused'
    RETURNING conversation.*),
{CANCEL_QUEUED},
e AS (
    {ENTRY_HEAD}
    {ENTRY_FROM_C}
    FROM c, (VALUES ('taken_over', '{{}}'::jsonb)) AS listed (kind, data)
    RETURNING *),
{change_cte(turns=("t",), entries=("e",))},
{FOUND}
SELECT found.*, {VISITOR}, fresh.fresh FROM found, fresh"""
)

# Also where the responder has it and no turn is at it, for one was stopped, say. Every turn that starts is a version,
# so two who give back at once start one: tests/concurrency/test_acts_and_turns.py::test_two_give_back_what_was_stopped
GIVE_BACK = text(
    f"""
WITH {FRESH},
{DUE},
c AS (
    UPDATE conversation SET version = old.version + 1, epoch = old.epoch + 1, {GIVEN_BACK}
    FROM old, fresh, due WHERE conversation.id = old.id AND fresh.fresh AND (
        old.responder_state <> 'active' OR old.left_to_people AND due.starts AND NOT EXISTS (
            SELECT 1 FROM turn l WHERE l.conversation_id = old.id AND l.status IN ('queued', 'thinking')))
    RETURNING conversation.*),
{TURN_OF_GIVING_BACK},
e AS (
    {ENTRY_HEAD}
    {ENTRY_FROM_C}
    FROM c, (VALUES ('given_back', '{{}}'::jsonb)) AS listed (kind, data)
    RETURNING *),
{change_cte(turns=("t",), entries=("e",))},
{FOUND}
SELECT found.*, {VISITOR}, (SELECT id FROM t) AS started_turn, fresh.fresh FROM found, fresh"""
)

READ = text(
    f"""
WITH {OLD},
c AS (
    UPDATE conversation SET unread_count = 0 FROM old
    WHERE conversation.id = old.id AND old.unread_count <> 0 RETURNING conversation.*),
{FOUND}
{SHOWN}"""
)

STOP = text(
    f"""
WITH {FRESH},
live AS (
    SELECT turn.id, turn.status, turn.answers FROM turn JOIN old ON turn.conversation_id = old.id
    WHERE turn.id = :turn AND turn.status IN ('queued', 'thinking') FOR UPDATE OF turn),
{NEXT_AFTER_STOP},
c AS (
    UPDATE conversation SET version = old.version + 1, epoch = old.epoch + 1,
        left_to_people = NOT next.starts AND {OLD_WAITS}
    FROM old, fresh, live, next WHERE conversation.id = old.id AND fresh.fresh
    RETURNING conversation.*),
t AS (
    UPDATE turn SET status = 'cancelled', reason = 'stopped', ended_at = clock_timestamp(), lease_until = NULL,
        answers = CASE turn.status WHEN 'queued' THEN {UNANSWERED} ELSE turn.answers END
    FROM c, live WHERE turn.id = live.id
    RETURNING turn.*),
n AS (
    INSERT INTO turn (project_id, conversation_id)
    SELECT t.project_id, t.conversation_id FROM t, next WHERE next.starts
    ON CONFLICT (conversation_id) WHERE status IN ('queued', 'thinking') DO NOTHING
    RETURNING *),
e AS (
    INSERT INTO timeline_event ({ENTRY_COLUMNS}, turn_id)
    SELECT c.project_id, c.id, c.version, 'turn_dropped', 'agent', :who, :who_name,
        jsonb_build_object('reason', 'stopped'), t.id
    FROM c, t RETURNING *),
{change_cte(turns=("t", "n"), entries=("e",))},
asked AS (
    SELECT * FROM t UNION ALL
    SELECT turn.* FROM turn JOIN old ON turn.conversation_id = old.id
    WHERE turn.id = :turn AND NOT EXISTS (SELECT 1 FROM t))
SELECT asked.*, (SELECT id FROM n) AS started_turn, fresh.fresh
FROM fresh LEFT JOIN asked ON true WHERE asked.id IS NOT NULL OR NOT fresh.fresh"""
)

MOVE = text(
    f"""
WITH {OLD},
c AS (
    UPDATE conversation SET version = old.version + 1, epoch = old.epoch + 1,
        metadata = {AS_OBJECT.format("old.metadata")}
            || jsonb_build_object('workflowState', jsonb_build_object(
                'currentNodeId', CAST(:node AS text), 'workflowVersion', p.workflow_version))
    FROM old JOIN project p ON p.id = old.project_id WHERE conversation.id = old.id
    RETURNING conversation.*),
e AS (
    {ENTRY_HEAD}
    {ENTRY_FROM_C}
    FROM c JOIN old ON old.id = c.id, LATERAL (VALUES ('workflow_moved', jsonb_build_object(
        'from', old.metadata -> 'workflowState' -> 'currentNodeId', 'to', CAST(:node AS text)))) AS listed (kind, data)
    RETURNING *),
{change_cte(entries=("e",))},
{FOUND}
{SHOWN}"""
)
