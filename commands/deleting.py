"""Deleting a project with everything in it, down to its audit log.

Owns the order in which that goes: first nobody gets in any more, then conversations and visitors go in batches, so that
no transaction is long and whoever stops it in between runs it again; at last what is left. People's accounts stay, for
they may be in other projects. The bytes of files are deleted where they are kept, by the next sweep
(inbox/attachments.py). Must not be used by routes.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from sqlalchemy import Connection, Engine, text

from inbox import attachments, visitors
from inbox.sending_again import anew

T = TypeVar("T")
BATCH = 200  # conversations of one transaction, which holds their locks: some tenths of a second


class Found(NamedTuple):
    """What is about to be deleted."""

    name: str
    conversations: int
    members: int


FOUND = text(
    """
SELECT p.name, (SELECT count(*) FROM conversation WHERE project_id = p.id) AS conversations,
    (SELECT count(*) FROM membership WHERE project_id = p.id) AS members
FROM project p WHERE p.id = :project
"""
)
# Answers kept for a repetition hold words, and name the token or the widget's key that asked. Without a token, a
# session and that key nobody writes here; who signs in meanwhile is out once the project is gone.
SHUT = (
    text(
        """
DELETE FROM idempotency_key WHERE split_part(scope, ':', 2) IN (
    SELECT key FROM project WHERE id = :project UNION ALL
    SELECT encode(token_hash, 'hex') FROM api_token WHERE project_id = :project UNION ALL
    SELECT encode(token_hash, 'hex') FROM visitor_session WHERE project_id = :project)
"""
    ),
    text("UPDATE project SET key = :nobodys, responder_enabled = false WHERE id = :project"),
    *(
        text(f"DELETE FROM {table} WHERE project_id = :project")
        for table in ("visitor_session", "api_token", "agent_session", "invitation", "webhook")
    ),
)
# Locked in the order in which acts lock several.
SOME = text(
    """
SELECT id FROM conversation WHERE id IN (SELECT id FROM conversation WHERE project_id = :project LIMIT :batch)
ORDER BY id FOR UPDATE
"""
)
DELETE_SOME = text("DELETE FROM conversation WHERE id = ANY(:conversations)")
# Held before it is seen that they have no conversation, so that nobody begins one in between.
SOME_VISITORS = text("SELECT id FROM visitor WHERE project_id = :project ORDER BY id LIMIT :batch FOR UPDATE")
DELETE_VISITORS = text(
    """
DELETE FROM visitor v WHERE v.id = ANY(:visitors)
    AND NOT EXISTS (SELECT FROM conversation c WHERE c.visitor_id = v.id)
"""
)
HOLD = text("SELECT FROM project WHERE id = :project FOR UPDATE")
LEFT = text(
    """
SELECT a.email FROM membership m JOIN agent a ON a.id = m.agent_id
WHERE m.project_id = :project
    AND NOT EXISTS (SELECT FROM membership o WHERE o.agent_id = a.id AND o.project_id <> :project)
ORDER BY a.id
"""
)
END = (
    text("DELETE FROM visitor WHERE project_id = :project"),
    text("DELETE FROM change WHERE project_id = :project AND position IS NOT NULL"),
    text("DELETE FROM change WHERE project_id = :project AND position IS NULL"),
    text("DELETE FROM project WHERE id = :project"),
)


def find(connection: Connection, project_id: int) -> Found | None:
    """What the project is and holds, or None where there is none."""
    row = connection.execute(FOUND, {"project": project_id}).one_or_none()
    return Found(*row) if row else None


def empty(engine: Engine, project_id: int) -> Iterator[int]:
    """Let nobody in any more, and delete conversations and visitors; yields how many conversations each batch had."""
    _together(engine, _shut, project_id)
    for batch in (_conversations, _visitors):
        gone = 1
        while gone:
            gone = _together(engine, batch, project_id)
            yield gone if batch is _conversations else 0


def end(engine: Engine, project_id: int) -> list[str]:
    """Delete what is left and the project itself; returns the addresses of who is in no project now.

    Whoever still writes into the project is waited for, or finds it gone.
    """
    return _together(engine, _end, project_id)


def _together(engine: Engine, work: Callable[[Connection, int], T], project_id: int) -> T:
    """In one transaction, and once more where it met an act of the moment half-way: some hold a conversation and then
    need the project. tests/integration/test_deleting.py::test_it_meets_an_act_half_way
    """

    def transaction() -> T:
        with engine.begin() as connection:
            return work(connection, project_id)

    return anew(transaction)


def _shut(connection: Connection, project_id: int) -> None:
    for statement in SHUT:
        connection.execute(statement, {"project": project_id, "nobodys": f"gone-{secrets.token_hex(12)}"})


def _end(connection: Connection, project_id: int) -> list[str]:
    named = {"project": project_id}
    connection.execute(HOLD, named)
    while _conversations(connection, project_id):
        pass
    without = list(connection.execute(LEFT, named).scalars())
    for statement in END:
        connection.execute(statement, named)
    return without


def _conversations(connection: Connection, project_id: int) -> int:
    """A batch of them, with all that goes with a conversation; returns how many."""
    found = list(connection.execute(SOME, {"project": project_id, "batch": BATCH}).scalars())
    connection.execute(visitors.LOCK_TURNS, {"conversations": found})
    attachments.forget(connection, found)
    connection.execute(DELETE_SOME, {"conversations": found})
    return len(found)


def _visitors(connection: Connection, project_id: int) -> int:
    found = list(connection.execute(SOME_VISITORS, {"project": project_id, "batch": 10 * BATCH}).scalars())
    return connection.execute(DELETE_VISITORS, {"visitors": found}).rowcount
