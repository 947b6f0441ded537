"""Idempotency-Key: the same request again gets the same answer, and its act happens once.

Owns the table of keys. The key's row is inserted in the transaction of the act, so a crash forgets both; a second
request with the key waits on the unique index, which is PostgreSQL's own queue.

The contract follows Stripe's and the IETF draft "The Idempotency-Key HTTP Header Field".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from inbox.errors import IdempotencyConflict, IdempotencyInFlight, Invalid

WAIT_MS = 5_000  # how long a second request waits for the first
MOST_CHARACTERS = 255

# The lock's limit is set as the statement begins and lifted as it ends: one round trip, not three.
TAKE = text(
    """
WITH limited AS MATERIALIZED (SELECT set_config('lock_timeout', :wait, true))
INSERT INTO idempotency_key (scope, key, request_hash) SELECT :scope, :key, :hash FROM limited
ON CONFLICT (scope, key) DO UPDATE
    SET request_hash = EXCLUDED.request_hash, status = NULL, body = NULL, created_at = clock_timestamp()
    WHERE idempotency_key.created_at < clock_timestamp() - interval '24 hours'
RETURNING set_config('lock_timeout', '0', true)
"""
)
FIND = text("SELECT request_hash, status, body FROM idempotency_key WHERE scope = :scope AND key = :key")
KEEP = text(
    "UPDATE idempotency_key SET status = :status, body = CAST(:body AS json) WHERE scope = :scope AND key = :key"
)


@dataclass(frozen=True)
class Answered:
    """A status and JSON body; `replayed` if they are the first request's."""

    status: int
    body: Any
    replayed: bool = False


@dataclass(frozen=True)
class Asked:
    """A request that came with a key: who asked what, the key, and the digest of its body."""

    scope: str
    key: str
    request_hash: bytes


def digest_of(request_body: bytes) -> bytes:
    """By which the same body is known again."""
    return hashlib.sha256(request_body).digest()


def asked(scope: str, key: str, request_hash: bytes) -> Asked:
    """The request. Raises Invalid for a key that cannot be one."""
    if not 0 < len(key) <= MOST_CHARACTERS or not key.isprintable():
        raise Invalid("An Idempotency-Key has 1 to 255 printable characters.", fields={"Idempotency-Key": "is no key"})
    return Asked(scope, key, request_hash)


def once(
    connection: Connection, scope: str, key: str, request_hash: bytes, act: Callable[[], tuple[int, Any]]
) -> Answered:
    """Do the act and keep its answer, or give back what the first request with this key got.

    Must run inside a transaction. Raises IdempotencyInFlight while the first is still at it after WAIT_MS,
    IdempotencyConflict for another body, Invalid for a key that cannot be one.
    """
    request = asked(scope, key, request_hash)
    named = {"scope": scope, "key": key}
    if _take(connection, request):
        status, body = act()
        connection.execute(KEEP, named | {"status": status, "body": json.dumps(body)})
        return Answered(status, body)
    first = find(connection, request)
    assert first is not None
    return first


def find(connection: Connection, request: Asked) -> Answered | None:
    """What was kept for this request, or None. Raises IdempotencyConflict for another body."""
    first = connection.execute(FIND, {"scope": request.scope, "key": request.key}).one_or_none()
    if first is None:
        return None
    if bytes(first.request_hash) != request.request_hash:
        raise IdempotencyConflict("This Idempotency-Key was used with another body. Use a new key for a new request.")
    return Answered(first.status, first.body, replayed=True)


def _take(connection: Connection, request: Asked) -> bool:
    named = {"scope": request.scope, "key": request.key, "hash": request.request_hash, "wait": str(WAIT_MS)}
    try:
        return connection.execute(TAKE, named).one_or_none() is not None
    except OperationalError as error:
        refuse_in_flight(error)
        raise


def refuse_in_flight(error: OperationalError) -> None:
    """Raises IdempotencyInFlight where a statement has waited WAIT_MS for the first request with its key."""
    if getattr(error.orig, "sqlstate", None) == "55P03":  # lock_not_available
        raise IdempotencyInFlight("The first request with this key is still being worked on. Try again.") from error
