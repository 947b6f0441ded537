"""The statement that takes a visitor's message in by their token: who they are, the Idempotency-Key, message and turn.

Owns it, in its three forms: of one message, of one with files, and of several messages that came at the same time. It
writes all that is to be written, or nothing. What it means where it wrote nothing is inbox/receiving.py's.
"""

from __future__ import annotations

from sqlalchemy import text

from inbox.act_parts import ENTRY_HEAD, MAY_ANSWER, WAITS_FROM, last_word
from inbox.attachments import LINK
from inbox.change import change_cte

_ONE = """(SELECT 1 AS place, CAST(:token_hash AS bytea) AS token_hash, CAST(:content AS text) AS content,
        CAST(:snippet AS text) AS snippet, CAST(:details AS jsonb) AS details, CAST(:scope AS text) AS scope,
        CAST(:key AS text) AS key, CAST(:request_hash AS bytea) AS request_hash) AS given"""
_SEVERAL = """(SELECT place, token_hash, content, snippet, '{}'::jsonb AS details, scope, key, request_hash
        FROM unnest(CAST(:token_hash AS bytea[]), CAST(:content AS text[]), CAST(:snippet AS text[]),
            CAST(:scope AS text[]), CAST(:key AS text[]), CAST(:request_hash AS bytea[]))
            WITH ORDINALITY AS each (token_hash, content, snippet, scope, key, request_hash, place)) AS given"""

# Whoever repeats a request waits for the first of it, not for ever, and not with the conversation's row in hand; where
# nobody has come before, no limit is set.
_KEY = "hashtextextended(visit.scope || ' ' || visit.key, 0)"
_WAITED_FOR = f"""
    SELECT visit.*, CASE
        WHEN visit.key IS NULL THEN 'for nobody'
        WHEN pg_try_advisory_xact_lock({_KEY}) THEN 'for nobody'
        WHEN set_config('lock_timeout', :wait, true) IS NULL THEN 'never'
        WHEN CAST(pg_advisory_xact_lock({_KEY}) AS text) IS NULL THEN 'never'
        ELSE set_config('lock_timeout', '0', true) END AS lifted FROM visit"""
# Several wait for nobody, lest one keeps the others: at whose conversation somebody is (the first of a repeated request
# as well), that message is left out and comes by itself. So does the second of one conversation, whose row is written
# once.
_WAITED_FOR_NOBODY = """
    SELECT DISTINCT ON (visit.conversation_id) visit.* FROM visit ORDER BY visit.conversation_id, visit.place"""

# A message that came while an agent was there, in a project where the responder then keeps silent, says so of itself:
# a turn that is under way for an earlier one starts no next turn for it (tests/concurrency/test_policies.py).
# The turn is inserted from the locked row (`old`), and ON CONFLICT sees a live turn that commits meanwhile, which
# NOT EXISTS under this statement's snapshot would not: tests/concurrency/test_turns.py::test_one_live_turn
_TURN_IS_DUE = f"""{MAY_ANSWER.format("{0}", project="old")} AND {{0}}.responder_state = 'active'
        AND NOT (old.answers_when = 'no_agent_online' AND :agent_online)"""

# The message's id is drawn with the row locked, so that within a conversation ids rise in commit order; the key is kept
# with it, and nothing is written where the key was there. A project that asks whether people are there says so by
# giving no row until :agent_online is known. It answers with what is shown of the message. No details are null, not
# JSON that would be read each time.
_RECEIVE = f"""
WITH visit AS (
    SELECT s.conversation_id, v.name AS visitor_name, p.widget_origins, p.answers_when, p.responder_enabled, given.*
    FROM {{given}}
    JOIN visitor_session s ON s.token_hash = given.token_hash
    JOIN visitor v ON v.id = s.visitor_id JOIN project p ON p.id = s.project_id
    WHERE p.answers_when <> 'no_agent_online' OR CAST(:agent_online AS boolean) IS NOT NULL),
waited AS MATERIALIZED ({{waited}}),
locked AS (
    SELECT c.id, c.status, waited.*
    FROM conversation c JOIN waited ON waited.conversation_id = c.id
    FOR NO KEY UPDATE OF c{{passing}}),
old AS MATERIALIZED (SELECT locked.*, nextval('message_id_seq') AS message_id FROM locked),
taken AS (
    INSERT INTO idempotency_key (scope, key, request_hash, status, body)
    SELECT old.scope, old.key, old.request_hash, 201,
        json_build_object('conversation_id', old.id, 'message_id', old.message_id)
    FROM old WHERE old.key IS NOT NULL
    ON CONFLICT (scope, key) DO UPDATE SET
        request_hash = EXCLUDED.request_hash, status = EXCLUDED.status, body = EXCLUDED.body,
        created_at = clock_timestamp()
    WHERE idempotency_key.created_at < clock_timestamp() - interval '24 hours'
    RETURNING scope, key),
c AS (
    UPDATE conversation SET
        version = conversation.version + 1,
        unread_count = conversation.unread_count + 1,
        {last_word("visitor", "old.snippet", ids="(old.message_id, old.message_id)")},
        left_to_people = NOT ({_TURN_IS_DUE.format("conversation")}),
        {WAITS_FROM},
        status = CASE WHEN old.status IN ('solved', 'snoozed') THEN 'open' ELSE old.status END,
        snoozed_until = CASE WHEN old.status = 'snoozed' THEN NULL ELSE conversation.snoozed_until END
    FROM old WHERE conversation.id = old.id AND (old.key IS NULL OR EXISTS (
        SELECT 1 FROM taken WHERE taken.scope = old.scope AND taken.key = old.key))
    RETURNING conversation.*),
m AS (
    INSERT INTO message (id, project_id, conversation_id, author, author_id, author_name, content, details, created_at)
    SELECT c.last_message_id, c.project_id, c.id, 'visitor', c.visitor_id, old.visitor_name, old.content,
        CASE WHEN old.answers_when = 'no_agent_online' AND :agent_online THEN '{{{{"left_to_people": true}}}}'::jsonb
            ELSE '{{{{}}}}'::jsonb END || old.details, c.last_message_timestamp
    FROM c JOIN old ON old.id = c.id RETURNING *),{{linked}}
t AS (
    INSERT INTO turn (project_id, conversation_id)
    SELECT c.project_id, c.id FROM c JOIN old ON old.id = c.id
    WHERE {_TURN_IS_DUE.format("c")}
    ON CONFLICT (conversation_id) WHERE status IN ('queued', 'thinking') DO NOTHING
    RETURNING *),
e AS (
    {ENTRY_HEAD}
    SELECT c.project_id, c.id, c.version, listed.kind, 'visitor', c.visitor_id, old.visitor_name, listed.data
    FROM c JOIN old ON old.id = c.id, LATERAL (VALUES
        ('message', jsonb_build_object('message_id', c.last_message_id), true),
        ('reopened', jsonb_build_object('from', old.status), old.status IN ('solved', 'snoozed'))
    ) AS listed (kind, data, happened)
    WHERE listed.happened
    RETURNING *),
{{changed}}
SELECT m.id, m.project_id, m.conversation_id, m.author, m.author_id, m.author_name, m.content, m.private, m.turn_id,
    m.sent_by, NULLIF(m.details, '{{{{}}}}') AS details, m.created_at, t.id AS started_turn, old.widget_origins,
    old.place
FROM m JOIN old ON old.id = m.conversation_id LEFT JOIN t ON t.conversation_id = m.conversation_id"""


def _form(*, linked: str = "", several: bool = False) -> str:
    return _RECEIVE.format(
        given=_SEVERAL if several else _ONE,
        waited=_WAITED_FOR_NOBODY if several else _WAITED_FOR,
        passing=" SKIP LOCKED" if several else "",
        linked=linked,
        changed=change_cte(messages=("m",), turns=("t",), entries=("e",), several=several),
    )


RECEIVE = text(_form())
RECEIVE_WITH_FILES = text(_form(linked=LINK))
RECEIVE_SEVERAL = text(_form(several=True))
