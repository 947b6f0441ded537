"""The visitors of a project as agents see them: who they are, what is known of them, and forgetting one for good.

Owns those statements. What visitors do themselves is visiting's. Every function is scoped by the asker's project:
another project's visitor is NotFound.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from inbox import attachments, audit, representation
from inbox.access import Agent, require_manager
from inbox.act_parts import ATTRIBUTES, GUARD
from inbox.conversation import LARGEST_ID
from inbox.errors import NotFound, StaleVersion
from inbox.patience import patiently
from inbox.saying import later
from inbox.search import like

Row = Mapping[Any, Any]
FOR_MANAGERS = later("Only managers erase visitors. Ask one of them.")

SETTABLE = {
    "name": "CAST(:name AS text)",
    "email": "CAST(:email AS text)",
    "custom_attributes": ATTRIBUTES,
}
CLAUSES = {
    "words": "(COALESCE(name, '') || ' ' || COALESCE(email, '')) ILIKE :words",
    "email": "lower(email) = lower(:email)",
    "external_id": "external_id = :external_id",
}
FIND = text("SELECT * FROM visitor WHERE id = :visitor AND project_id = :project")
CONVERSATIONS = text(
    """
SELECT c.*, to_jsonb(v) AS visitor FROM conversation c JOIN visitor v ON v.id = c.visitor_id
WHERE c.visitor_id = :visitor AND c.project_id = :project AND c.id < :before ORDER BY c.id DESC LIMIT :limit
"""
)

# Of the same visitor, and of others of the same address: a site that signs nobody makes a visitor of every browser.
BESIDE = text(
    """
SELECT c.id, c.status, c.last_message_snippet, c.active_at, c.visitor_id <> :visitor AS by_address
FROM conversation c
WHERE c.project_id = :project AND c.id <> :conversation AND c.visitor_id IN (
    SELECT CAST(:visitor AS bigint) UNION ALL (
    SELECT id FROM visitor WHERE project_id = :project AND lower(email) = lower(CAST(:email AS text))
    ORDER BY id DESC LIMIT 50))
ORDER BY c.active_at DESC, c.id DESC LIMIT :limit
"""
)


@dataclass(frozen=True)
class Wanted:
    """Which visitors are looked for; what is None does not matter. `words` occur in name or address."""

    words: str | None = None
    email: str | None = None
    external_id: str | None = None
    before: int | None = None
    limit: int = 50


def listed(connection: Connection, project_id: int, wanted: Wanted) -> Sequence[Row]:
    """Visitors, newest first."""
    given = {name: getattr(wanted, name) for name in CLAUSES if getattr(wanted, name) is not None}
    more = "".join(f" AND {CLAUSES[name]}" for name in given)
    if wanted.words is not None:
        given["words"] = f"%{like(wanted.words)}%"
    statement = (
        f"SELECT * FROM visitor WHERE project_id = :project AND id < :before{more} ORDER BY id DESC LIMIT :limit"
    )
    parameters = {"project": project_id, "before": wanted.before or LARGEST_ID, "limit": wanted.limit, **given}
    return connection.execute(text(statement), parameters).mappings().all()


def find(connection: Connection, project_id: int, visitor_id: int) -> Row:
    """One visitor. Raises NotFound."""
    row = connection.execute(FIND, {"visitor": visitor_id, "project": project_id}).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def conversations(
    connection: Connection, project_id: int, visitor_id: int, *, before: int | None = None, limit: int = 50
) -> Sequence[Row]:
    """The visitor's conversations, newest first. The caller has checked whose visitor it is."""
    parameters = {"visitor": visitor_id, "project": project_id, "before": before or LARGEST_ID, "limit": limit}
    return connection.execute(CONVERSATIONS, parameters).mappings().all()


def beside(connection: Connection, conversation: Row, limit: int) -> Sequence[Row]:
    """Other conversations of who asks in this one, newest activity first; `by_address`: only the address says so."""
    visitor = conversation["visitor"]
    parameters = {
        "conversation": conversation["id"],
        "project": conversation["project_id"],
        "visitor": visitor["id"],
        "email": visitor["email"],
        "limit": limit,
    }
    return connection.execute(BESIDE, parameters).mappings().all()


def edit(
    connection: Connection,
    who: Agent,
    visitor_id: int,
    changes: Mapping[str, Any],
    *,
    seen: Collection[int] | None = None,
) -> Row:
    """Set name, address or attributes; one version more, or none where nothing changes.

    `seen` are the versions of an If-Match: StaleVersion with the current `visitor` if it is none of them any more.
    Raises NotFound.
    """
    parameters = {"visitor": visitor_id, "project": who.project_id, **changes, "seen": list(seen or ())}
    if "custom_attributes" in changes:
        parameters["custom_attributes"] = json.dumps(changes["custom_attributes"])
    statement = _edit([name for name in SETTABLE if name in changes], guarded=seen is not None)
    row = connection.execute(text(statement), parameters).mappings().one_or_none()
    if row is None:
        raise NotFound
    if seen is not None and not row["written"] and row["version"] not in seen:
        raise StaleVersion("Somebody changed this visitor since you loaded it.", visitor=representation.visitor(row))
    return row


def _edit(columns: Sequence[str], *, guarded: bool) -> str:
    sets = "".join(f", {name} = {SETTABLE[name]}" for name in columns)
    changed = " OR ".join(f"old.{name} IS DISTINCT FROM {SETTABLE[name]}" for name in columns) or "false"
    guard = GUARD if guarded else ""
    return f"""
WITH old AS (SELECT * FROM visitor WHERE id = :visitor AND project_id = :project FOR NO KEY UPDATE),
v AS (
    UPDATE visitor SET version = old.version + 1{sets}
    FROM old WHERE visitor.id = old.id AND ({changed}){guard}
    RETURNING visitor.*)
SELECT v.*, true AS written FROM v UNION ALL
SELECT old.*, false AS written FROM old WHERE NOT EXISTS (SELECT 1 FROM v)"""


# In the order in which everybody locks: the visitor, whom a new conversation would need, conversations, turns. Only
# then is anything deleted, so that no writer who holds one of them is met half-way. Event streams wait for changes
# that are deleted before they have a position, so a process that stalls meanwhile is not waited for.
LOCK_VISITOR = text(
    """
SELECT set_config('idle_in_transaction_session_timeout', '5s', true)
FROM visitor WHERE id = :visitor AND project_id = :project FOR UPDATE
"""
)
LOCK_CONVERSATIONS = text("SELECT id FROM conversation WHERE visitor_id = :visitor ORDER BY id FOR UPDATE")
LOCK_TURNS = text("SELECT 1 FROM turn WHERE conversation_id = ANY(:conversations) ORDER BY id FOR UPDATE")
# Messages, notes, turns, drafts, timelines, sessions and what was sent to webhooks go with their conversation. Two logs
# hold words without belonging to it, and have no index by it: the change log, and answers kept for a repetition. So the
# change log of a week is read before anything is locked, and what came since `begun` is read once more: ids rise with
# the time, but for transactions that overlap. What is found there is deleted last, for event streams may wait for it
# until that is committed: tests/integration/test_erasing.py::test_streams_wait_for_nothing_that_is_read
LOGGED = text(
    """
SELECT clock_timestamp() AS begun, ARRAY(
    SELECT ch.id FROM change ch JOIN conversation c ON c.id = ch.conversation_id
    WHERE c.visitor_id = :visitor AND c.project_id = :project) AS logged
"""
)
READING_SECONDS = 120.0  # for a log of a week or a day, which is long where many write
ERASE = (
    text(
        """
DELETE FROM idempotency_key
WHERE CAST(body ->> 'conversation_id' AS text) = ANY(CAST(CAST(:conversations AS bigint[]) AS text[]))
    OR scope LIKE 'visitor:%' AND split_part(scope, ':', 2) IN (
        SELECT encode(s.token_hash, 'hex') FROM visitor_session s WHERE s.conversation_id = ANY(:conversations))
    OR scope LIKE 'agent:%' AND split_part(scope, ':', 3) = 'attachments'
        AND split_part(scope, ':', 4) = ANY(CAST(CAST(:conversations AS bigint[]) AS text[]))
"""
    ),
    text("DELETE FROM change WHERE id = ANY(:logged)"),
    text(
        """
DELETE FROM change WHERE conversation_id = ANY(:conversations) AND id > COALESCE((
    SELECT id FROM change WHERE at < CAST(:begun AS timestamptz) - interval '10 minutes' ORDER BY id DESC LIMIT 1), 0)
"""
    ),
    text("DELETE FROM conversation WHERE id = ANY(:conversations)"),
    text("DELETE FROM visitor WHERE id = :visitor"),
)


@dataclass(frozen=True)
class Erased:
    """Which conversations are gone, and the files whose bytes are to be deleted (attachments.delete_bytes)."""

    conversations: Sequence[int]
    files: Sequence[str]


def erase(connection: Connection, who: Agent, visitor_id: int) -> Erased:
    """Forget a visitor with everything that was said to and by them. What was backed up before is not ours to forget.

    Must run in a transaction. Raises NotFound, and Forbidden unless they are a manager.
    """
    require_manager(who, FOR_MANAGERS)
    named = {"visitor": visitor_id, "project": who.project_id}
    with patiently(connection, READING_SECONDS):
        log = connection.execute(LOGGED, named).one()
        if connection.execute(LOCK_VISITOR, named).one_or_none() is None:
            raise NotFound
        found = list(connection.execute(LOCK_CONVERSATIONS, named).scalars())
        connection.execute(LOCK_TURNS, {"conversations": found})
        files = attachments.forget(connection, found)
        erased = {"conversations": found, "visitor": visitor_id, "logged": log.logged, "begun": log.begun}
        for statement in ERASE:
            connection.execute(statement, erased)
    data = {"conversations": len(found)}
    audit.record(connection, who, "visitor_erased", f"visitor {visitor_id}", data)
    return Erased(found, files)
