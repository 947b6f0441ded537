"""Files in a conversation: taken in before their message is written, linked to it in its statement, read by its people.

Owns the tables' statements and who may read. A message names its files in `details` too, so that lists and event
streams need no second look. Must not hold bytes (storage.py) or judge them (file_types.py).

A file is forgotten in two steps: its row makes way for one in forgotten_file (a trigger's work, so that it holds for
whatever is deleted, a whole project too), and only once that is committed its bytes are deleted. So a rollback loses
nothing, and bytes that cannot be deleted then are tried again by the sweeper.

A file comes by the same table: its key stands there as one to be forgotten later, before its bytes are put, and leaves
it with its row. So whatever dies in between, no bytes are without a name:
tests/integration/test_coming_files.py
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from sqlalchemy import Connection, text

from inbox.conversation import snippet_of
from inbox.errors import Invalid, NotFound, Unavailable
from inbox.file_types import plain_name, type_of
from inbox.storage import Storage
from inbox.tokens import new_token

log = logging.getLogger(__name__)

Row = Mapping[Any, Any]
MOST_BYTES = 10 * 1024 * 1024
MOST_UNSENT = 20  # of one sender in one conversation: who stores files must send them
UNSENT_HOURS = 24
COMING_HOURS = 24  # from before its bytes are put until its row is there: far more than any storage takes

# As forgotten, once nobody can be at it any more.
COMES = text(
    """
INSERT INTO forgotten_file (key, tried_at) VALUES (:key, clock_timestamp() + make_interval(hours => :hours))
"""
)
# Whoever is being erased meanwhile is waited for, and then has no conversation to keep a file of. Nor is one kept that
# came for so long that its bytes may be deleted already.
ADD = text(
    """
WITH added AS (
    INSERT INTO attachment (project_id, conversation_id, author, author_id, key, name, type, bytes)
    SELECT c.project_id, c.id, :author, :author_id, :key, :name, :type, :bytes FROM conversation c
    WHERE c.id = :conversation AND c.project_id = :project AND :most > (
        SELECT count(*) FROM attachment a WHERE a.conversation_id = c.id AND a.message_id IS NULL
            AND a.author = :author AND a.author_id = :author_id)
        AND EXISTS (SELECT FROM forgotten_file f WHERE f.key = :key AND f.tried_at > clock_timestamp())
    FOR KEY SHARE OF c
    RETURNING *),
arrived AS (DELETE FROM forgotten_file WHERE key IN (SELECT key FROM added))
SELECT * FROM added
"""
)
WAITING = text(
    """
SELECT count(*) FROM attachment WHERE conversation_id = :conversation AND message_id IS NULL
    AND author = :author AND author_id = :author_id
"""
)
UNSENT = text(
    """
SELECT * FROM attachment WHERE project_id = :project AND conversation_id = :conversation AND message_id IS NULL
    AND author = :author AND author_id = :author_id AND id = ANY(CAST(:ids AS bigint[]))
ORDER BY array_position(CAST(:ids AS bigint[]), id)
"""
)
# An agent reads what was sent, and what they are about to send; a visitor of that only what is public.
FIND = text(
    """
SELECT a.* FROM attachment a LEFT JOIN message m ON m.id = a.message_id
WHERE a.key = :key AND a.conversation_id = :conversation AND a.project_id = :project
    AND (m.id IS NOT NULL AND (:author = 'agent' OR NOT m.private)
        OR a.message_id IS NULL AND a.author = :author AND a.author_id = :author_id)
"""
)
FORGET_UNSENT = text(
    """
DELETE FROM attachment WHERE id IN (
    SELECT id FROM attachment WHERE message_id IS NULL
        AND created_at < clock_timestamp() - make_interval(hours => :hours) ORDER BY created_at LIMIT :batch)
RETURNING key
"""
)
FORGET = text("DELETE FROM attachment WHERE conversation_id = ANY(:conversations) RETURNING key")
LEFT = text("SELECT key FROM forgotten_file WHERE tried_at <= statement_timestamp() ORDER BY tried_at LIMIT :batch")
DELETED = text("DELETE FROM forgotten_file WHERE key = :key")
# Behind all others, so that one that never can be deleted holds up none.
NOT_DELETED = text("UPDATE forgotten_file SET tried_at = clock_timestamp() WHERE key = :key")
# The rest of a statement that writes a message (its CTE `m`): its files are its own from here on.
LINK = """
linked AS (
    UPDATE attachment SET message_id = m.id FROM m
    WHERE attachment.id = ANY(CAST(:files AS bigint[])) AND attachment.conversation_id = m.conversation_id
        AND attachment.message_id IS NULL),"""


@dataclass(frozen=True)
class Sender:
    """Who sends or reads files, and in which conversation."""

    project_id: int
    conversation_id: int
    author: str
    author_id: int

    def named(self) -> dict[str, Any]:
        """As parameters."""
        return {
            "project": self.project_id,
            "conversation": self.conversation_id,
            "author": self.author,
            "author_id": self.author_id,
        }


@dataclass(frozen=True)
class Kept:
    """A file whose bytes are in the storage, or will be, and which no row of its own names yet."""

    key: str
    name: str
    type: str
    bytes: int


def coming(connection: Connection, name: str, file: IO[bytes], size: int) -> Kept:
    """Name a file whose bytes are to be put. Must commit before they are: whoever dies then leaves their name."""
    kept = Kept(new_token(), plain_name(name), type_of(file), size)
    connection.execute(COMES, {"key": kept.key, "hours": COMING_HOURS})
    return kept


def take(connection: Connection, sender: Sender, kept: Kept) -> Row:
    """Take in a file that is to be sent and whose bytes are put: a row without them would be a promise.

    Who does not take it, deletes them (delete_bytes). Raises NotFound; Invalid where too many wait to be sent already.
    """
    parameters = {"key": kept.key, "name": kept.name, "type": kept.type, "bytes": kept.bytes, "most": MOST_UNSENT}
    row = connection.execute(ADD, sender.named() | parameters).mappings().one_or_none()
    if row is None:
        _refuse(connection, sender)
    assert row is not None
    return row


def _refuse(connection: Connection, sender: Sender) -> None:
    exists = text("SELECT 1 FROM conversation WHERE id = :conversation AND project_id = :project")
    named = {"conversation": sender.conversation_id, "project": sender.project_id}
    if connection.execute(exists, named).one_or_none() is None:
        raise NotFound
    if connection.execute(WAITING, sender.named()).scalar_one() >= MOST_UNSENT:
        words = f"{MOST_UNSENT} files wait already"
        raise Invalid("Send the files that wait before you add more.", fields={"name": words})
    raise Unavailable("The file took too long to be kept. Send it again.")


def said(connection: Connection, sender: Sender, content: str, ids: Sequence[int]) -> dict[str, Any]:
    """A message's parameters beside its content: files, details, snippet. Raises Invalid for a file not theirs."""
    rows: Sequence[Row] = []
    wanted = list(dict.fromkeys(ids))
    if wanted:
        rows = connection.execute(UNSENT, sender.named() | {"ids": wanted}).mappings().all()
    if len(rows) != len(wanted):
        raise Invalid("A file is not there.", fields={"attachment_ids": "names a file that is not there to be sent"})
    files = [{name: row[name] for name in ("id", "key", "name", "type", "bytes")} for row in rows]
    return {
        "files": wanted,
        "details": json.dumps({"attachments": files} if files else {}),
        "snippet": snippet_of(content.strip() or ", ".join(file["name"] for file in files)),
    }


def without_files(content: str) -> dict[str, Any]:
    """The same of a message without files."""
    return {"files": [], "details": "{}", "snippet": snippet_of(content.strip())}


def find(connection: Connection, sender: Sender, key: str) -> Row:
    """A file that this reader may see. Raises NotFound, for one that is another's exactly as for none."""
    row = connection.execute(FIND, sender.named() | {"key": key}).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def forget_unsent(connection: Connection, storage: Storage, batch: int) -> int:
    """Forget what was never sent within UNSENT_HOURS; returns how many."""
    keys = connection.execute(FORGET_UNSENT, {"hours": UNSENT_HOURS, "batch": batch}).scalars().all()
    delete_bytes(connection, storage, keys)
    return len(keys)


def forget(connection: Connection, conversation_ids: Sequence[int]) -> Sequence[str]:
    """Forget the files of conversations; returns whose bytes the caller deletes after the commit (delete_bytes)."""
    return connection.execute(FORGET, {"conversations": list(conversation_ids)}).scalars().all()


def delete_left(connection: Connection, storage: Storage, batch: int) -> int:
    """Delete the bytes of forgotten files that are left; returns of how many."""
    return delete_bytes(connection, storage, connection.execute(LEFT, {"batch": batch}).scalars().all())


def delete_bytes(connection: Connection, storage: Storage, keys: Sequence[str]) -> int:
    """Delete the bytes of forgotten files; returns of how many.

    Each statement must commit by itself. Ends at the first failure, for a storage that does not answer may take long
    to say so; delete_left takes up the rest.
    """
    for done, key in enumerate(keys):
        try:
            storage.delete(key)
        except OSError as error:
            connection.execute(NOT_DELETED, {"key": key})
            log.warning("%d forgotten files are not deleted (%s); the next sweep tries again.", len(keys) - done, error)
            return done
        connection.execute(DELETED, {"key": key})
    return len(keys)
