"""A visitor's message by their token: what the statement that takes it in (inbox/receiving_sql.py) means.

Owns what is asked further where it wrote nothing. The table of keys is idempotency's. Must not trust anything but the
token, nor decide what is answered: it only starts a turn where one is due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import OperationalError

from inbox import idempotency
from inbox.attachments import said, without_files
from inbox.database import fetch_all
from inbox.errors import Invalid, NotFound, Unauthorized
from inbox.idempotency import Asked
from inbox.receiving_sql import RECEIVE, RECEIVE_SEVERAL, RECEIVE_WITH_FILES
from inbox.tokens import digest
from inbox.visiting import GONE, Visit, who

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


@dataclass(frozen=True)
class Coming:
    """A visitor's message that is to be stored: the token they hold, and the request's key."""

    token: str
    said: Said
    asked: Asked | None = None


def receive(connection: Connection, coming: Coming, people_here: Callable[[Visit], bool]) -> Receipt:
    """Store a message in every case, once for each key, and start a turn where the responder is to answer.

    `connection` is one for single statements. Raises Unauthorized, Invalid for a file that is not theirs to send,
    IdempotencyConflict, IdempotencyInFlight.
    """
    given, asked = coming.said, coming.asked
    parameters = _named(coming) | {"agent_online": None, "wait": str(idempotency.WAIT_MS)}
    if not given.attachment_ids:
        made = _made(connection, RECEIVE, parameters | without_files(given.content))
        if made is not None:
            return made
    visit = known(connection, coming.token)
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


def receive_several(connection: Connection, coming: Sequence[Coming]) -> list[Receipt | None]:
    """Store messages without files that came at the same time, all or none, each as `receive` does.

    Waits for nobody: None for each that is to be received by itself, because somebody is at its conversation, or more
    has to be known of it, or it is refused. `connection` is one for single statements.
    """
    each = [_named(one) | without_files(one.said.content) for one in coming]
    columns = {name: [one[name] for one in each] for name in each[0]}
    rows = fetch_all(connection, RECEIVE_SEVERAL.text, columns | {"agent_online": None})
    stored = {row["place"]: Receipt(row, row["started_turn"]) for row in rows}
    return [stored.get(place) for place in range(1, len(coming) + 1)]


def known(connection: Connection, token: str | None) -> Visit:
    """Whose token it is. Raises Unauthorized."""
    visit = who(connection, token) if token else None
    if visit is None:
        raise Unauthorized("Send the visitor's token as `Authorization: Bearer …`.")
    return visit


def _named(coming: Coming) -> dict[str, Any]:
    asked = coming.asked
    return {
        "token_hash": digest(coming.token),
        "content": coming.said.content,
        "scope": asked and asked.scope,
        "key": asked and asked.key,
        "request_hash": asked and asked.request_hash,
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
