"""A visitor's message by their token, in one statement: who they are, the Idempotency-Key, the message and its turn.

Owns that statement, and what it means where it wrote nothing. The table of keys is idempotency's. Must not trust
anything but the token, nor decide what is answered: it only starts a turn where one is due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import OperationalError

from inbox import idempotency
from inbox.act_parts import ENTRY_HEAD, MAY_ANSWER, WAITS_FROM, last_word
from inbox.attachments import LINK, said, without_files
from inbox.change import change_cte
from inbox.database import fetch_all
from inbox.errors import Invalid, NotFound, Unauthorized
from inbox.idempotency import Asked
from inbox.tokens import digest
from inbox.visiting import GONE, Visit, who

# A message that came while an agent was there, in a project where the responder then keeps silent, says so of itself:
# a turn that is under way for an earlier one starts no next turn for it (tests/concurrency/test_policies.py).
# The turn is inserted from the locked row (`old`), and ON CONFLICT sees a live turn that commits meanwhile, which
# NOT EXISTS under this statement's snapshot would not: tests/concurrency/test_turns.py::test_one_live_turn
_TURN_IS_DUE = f"""{MAY_ANSWER.format("{0}", project="old")} AND {{0}}.responder_state = 'active'
        AND NOT (old.answers_when = 'no_agent_online' AND :agent_online)"""
# It answers with what is shown of the message. No details are null, not JSON that would be read each time.
_TAKEN_IN = f"""
c AS (
    UPDATE conversation SET
        version = conversation.version + 1,
        unread_count = conversation.unread_count + 1,
        {last_word("visitor", ":snippet", ids="(old.message_id, old.message_id)")},
        left_to_people = NOT ({_TURN_IS_DUE.format("conversation")}),
        {WAITS_FROM},
        status = CASE WHEN old.status IN ('solved', 'snoozed') THEN 'open' ELSE old.status END,
        snoozed_until = CASE WHEN old.status = 'snoozed' THEN NULL ELSE conversation.snoozed_until END
    FROM old WHERE conversation.id = old.id AND (NOT :keyed OR EXISTS (SELECT 1 FROM taken))
    RETURNING conversation.*),
m AS (
    INSERT INTO message (id, project_id, conversation_id, author, author_id, author_name, content, details, created_at)
    SELECT c.last_message_id, c.project_id, c.id, 'visitor', c.visitor_id, old.visitor_name, :content,
        CASE WHEN old.answers_when = 'no_agent_online' AND :agent_online THEN '{{{{"left_to_people": true}}}}'::jsonb
            ELSE '{{{{}}}}'::jsonb END || CAST(:details AS jsonb), c.last_message_timestamp
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
{change_cte(messages=("m",), turns=("t",), entries=("e",))}
SELECT m.id, m.project_id, m.conversation_id, m.author, m.author_id, m.author_name, m.content, m.private, m.turn_id,
    m.sent_by, NULLIF(m.details, '{{{{}}}}') AS details, m.created_at, (SELECT id FROM t) AS started_turn"""

# Whoever repeats a request waits for the first of it (`waited`), not for ever, and not with the conversation's row in
# hand; where nobody has come before, no limit is set. The message's id is drawn with the row locked, so that within a
# conversation ids rise in commit order; the key is kept with it, and nothing is written where the key was there. A
# project that asks whether people are there says so by giving no row until :agent_online is known.
_RECEIVE = (
    """
WITH visit AS (
    SELECT s.conversation_id, v.name AS visitor_name, p.widget_origins, p.answers_when, p.responder_enabled
    FROM visitor_session s JOIN visitor v ON v.id = s.visitor_id JOIN project p ON p.id = s.project_id
    WHERE s.token_hash = :token_hash
        AND (p.answers_when <> 'no_agent_online' OR CAST(:agent_online AS boolean) IS NOT NULL)),
waited AS MATERIALIZED (
    SELECT visit.*, CASE
        WHEN NOT :keyed THEN 'for nobody'
        WHEN pg_try_advisory_xact_lock(hashtextextended(:scope || ' ' || :key, 0)) THEN 'for nobody'
        WHEN set_config('lock_timeout', :wait, true) IS NULL THEN 'never'
        WHEN CAST(pg_advisory_xact_lock(hashtextextended(:scope || ' ' || :key, 0)) AS text) IS NULL THEN 'never'
        ELSE set_config('lock_timeout', '0', true) END AS lifted FROM visit),
locked AS (
    SELECT c.id, c.status, waited.visitor_name, waited.answers_when, waited.responder_enabled
    FROM conversation c JOIN waited ON waited.conversation_id = c.id
    FOR NO KEY UPDATE OF c),
old AS MATERIALIZED (SELECT locked.*, nextval('message_id_seq') AS message_id FROM locked),
taken AS (
    INSERT INTO idempotency_key (scope, key, request_hash, status, body)
    SELECT :scope, :key, :request_hash, 201,
        json_build_object('conversation_id', old.id, 'message_id', old.message_id)
    FROM old WHERE :keyed
    ON CONFLICT (scope, key) DO UPDATE SET
        request_hash = EXCLUDED.request_hash, status = EXCLUDED.status, body = EXCLUDED.body,
        created_at = clock_timestamp()
    WHERE idempotency_key.created_at < clock_timestamp() - interval '24 hours'
    RETURNING 1),"""
    + _TAKEN_IN
    + ", (SELECT widget_origins FROM visit) AS widget_origins FROM m"
)
RECEIVE, RECEIVE_WITH_FILES = (text(_RECEIVE.format(linked=linked)) for linked in ("", LINK))
SENT = text("SELECT * FROM message WHERE id = :message AND conversation_id = :conversation")


@dataclass(frozen=True)
class Receipt:
    """A stored message, and the turn that it started; `replayed` if the request was a repetition of the one before."""

    message: Mapping[str, Any]
    turn_id: int | None = None
    replayed: bool = False


@dataclass(frozen=True)
class Said:
    """What a visitor sends."""

    content: str
    attachment_ids: Sequence[int] = ()


def receive(
    connection: Connection, token: str, given: Said, asked: Asked | None, people_here: Callable[[Visit], bool]
) -> Receipt:
    """Store a message in every case, once for each key, and start a turn where the responder is to answer.

    `connection` is one for single statements. Raises Unauthorized, Invalid for a file that is not theirs to send,
    IdempotencyConflict, IdempotencyInFlight.
    """
    parameters = {"token_hash": digest(token), "content": given.content, "agent_online": None} | _keyed(asked)
    if not given.attachment_ids:
        made = _made(connection, RECEIVE, parameters | without_files(given.content))
        if made is not None:
            return made
    visit = known(connection, token)
    replayed = _sent_before(connection, asked)
    if replayed is not None:
        return replayed
    try:
        parameters |= said(connection, visit.sender, given.content, given.attachment_ids)
    except Invalid:  # perhaps because the first of this request has sent its files meanwhile
        replayed = _sent_before(connection, asked)
        if replayed is None:
            raise
        return replayed
    parameters["agent_online"] = visit.answers_when == "no_agent_online" and people_here(visit)
    made = _made(connection, RECEIVE_WITH_FILES, parameters) or _sent_before(connection, asked)
    if made is None:
        raise NotFound(GONE)
    return made


def known(connection: Connection, token: str | None) -> Visit:
    """Whose token it is. Raises Unauthorized."""
    visit = who(connection, token) if token else None
    if visit is None:
        raise Unauthorized("Send the visitor's token as `Authorization: Bearer …`.")
    return visit


def _keyed(asked: Asked | None) -> dict[str, Any]:
    named = asked or Asked("", "", b"")
    return {
        "keyed": asked is not None,
        "scope": named.scope,
        "key": named.key,
        "request_hash": named.request_hash,
        "wait": str(idempotency.WAIT_MS),
    }


def _made(connection: Connection, statement: TextClause, parameters: Mapping[str, Any]) -> Receipt | None:
    try:
        rows = fetch_all(connection, statement.text, parameters)
    except OperationalError as error:
        idempotency.refuse_in_flight(error)
        raise
    return Receipt(rows[0], rows[0]["started_turn"]) if rows else None


def _sent_before(connection: Connection, asked: Asked | None) -> Receipt | None:
    """The message of the first request with this key, if there was one."""
    first = None if asked is None else idempotency.find(connection, asked)
    if first is None:
        return None
    named = {"message": first.body["message_id"], "conversation": first.body["conversation_id"]}
    row = connection.execute(SENT, named).mappings().one_or_none()
    return None if row is None else Receipt(dict(row), replayed=True)
