"""A visitor's message by their token, in one statement: who they are, the Idempotency-Key, the message and its turn.

Owns that statement, and what it means where it wrote nothing. How a message is taken in is visiting's; the table of
keys is idempotency's. Must not trust anything but the token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import OperationalError

from inbox import idempotency
from inbox.attachments import LINK, said, without_files
from inbox.database import fetch_all
from inbox.errors import Invalid, NotFound, Unauthorized
from inbox.idempotency import Asked
from inbox.tokens import digest
from inbox.visiting import GONE, TAKEN_IN, Visit, who

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
    + TAKEN_IN
    + ", (SELECT widget_origins FROM visit) AS widget_origins FROM m"
)
_GUARD = " AND (NOT :keyed OR EXISTS (SELECT 1 FROM taken))"
RECEIVE, RECEIVE_WITH_FILES = (
    text(_RECEIVE.format(ids="(old.message_id, old.message_id)", guard=_GUARD, linked=linked)) for linked in ("", LINK)
)
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
