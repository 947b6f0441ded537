"""What is kept of a visitor, as one archive for whoever asks for their data.

Owns what goes in: `visitor.json` for programs, `conversations.txt` to be read, and the files. Left out is what is about
our own work alone: turns' figures, the log of webhooks. Must not change anything of theirs.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from sqlalchemy import Connection, text

from inbox import audit, representation, visitors
from inbox.access import Agent, require_manager
from inbox.database import fetch_all
from inbox.saying import later, said
from inbox.storage import PIECE_BYTES, Storage

Row = Mapping[Any, Any]
FOR_MANAGERS = later("Only managers take a copy of what is kept of a visitor. Ask one of them.")
CONVERSATIONS = "SELECT * FROM conversation WHERE visitor_id = :visitor AND project_id = :project ORDER BY id"
NOW = text("SELECT statement_timestamp()")
# Of each conversation, and in which form.
PARTS: Mapping[str, tuple[str, Callable[[Row], dict[str, Any]]]] = {
    "messages": ("message", representation.message),
    "drafts": ("draft", representation.draft),
    "ratings": ("rating", representation.rating),
    "timeline": ("timeline_event", representation.entry),
}


@dataclass(frozen=True)
class Copy:
    """Everything of a visitor, for programs and in words; `files` are (place in the archive, place in the storage)."""

    content: dict[str, Any]
    words: str
    files: Sequence[tuple[str, str]]


def gather(connection: Connection, who: Agent, visitor_id: int) -> Copy:
    """The copy; that somebody took it along is written down. Must run in a transaction.

    Raises NotFound, and Forbidden unless they are a manager.
    """
    require_manager(who, FOR_MANAGERS)
    visitor = visitors.find(connection, who.project_id, visitor_id)
    found = fetch_all(connection, CONVERSATIONS, {"visitor": visitor_id, "project": who.project_id})
    rows = {part: _of_each(connection, table, found) for part, (table, _) in PARTS.items()}
    made_at = representation.moment(connection.execute(NOW).scalar_one())
    audit.record(connection, who, "visitor_copied", f"visitor {visitor_id}", {"conversations": len(found)})
    content = {
        "made_at": made_at,
        "visitor": representation.visitor(visitor),
        "conversations": [
            {
                **representation.conversation(one, visitor),
                **{part: [shown(row) for row in rows[part].get(one["id"], [])] for part, (_, shown) in PARTS.items()},
            }
            for one in found
        ],
    }
    messages = [message for of_one in rows["messages"].values() for message in of_one]
    files = [(_place(file), file["key"]) for message in messages for file in _files(message)]
    return Copy(content, "\n".join(_lines(content)), files)


def _of_each(connection: Connection, table: str, conversations: Sequence[Row]) -> dict[int, list[Row]]:
    """The table's rows of these conversations, oldest first, by conversation."""
    statement = f"SELECT * FROM {table} WHERE conversation_id = ANY(:conversations) ORDER BY conversation_id, id"
    found: dict[int, list[Row]] = {}
    for row in fetch_all(connection, statement, {"conversations": [one["id"] for one in conversations]}):
        found.setdefault(row["conversation_id"], []).append(row)
    return found


def _files(message: Row) -> list[dict[str, Any]]:
    return list((message["details"] or {}).get("attachments", []))


def _place(file: Mapping[str, Any]) -> str:
    """Two files may have one name."""
    return f"files/{file['id']}-{file['name']}"


def archive(copy: Copy, storage: Storage) -> Iterator[bytes]:
    """The archive, piece by piece: it is on no disk, and costs no more memory than its words.

    Whoever reads an archive that broke off, since the storage went away, notices: its end, the list of what is in it,
    is missing.
    """
    out = _Out()
    with ZipFile(out, "w", ZIP_STORED) as made:
        made.writestr("visitor.json", json.dumps(copy.content, ensure_ascii=False, indent=2))
        made.writestr("conversations.txt", copy.words)
        yield out.taken()
        for place, key in copy.files:
            kept = storage.get(key)
            if kept is None:  # removed since
                continue
            with kept, made.open(ZipInfo(place, time.gmtime()[:6]), "w") as entry:
                while piece := kept.read(PIECE_BYTES):
                    entry.write(piece)
                    yield out.taken()
    yield out.taken()


class _Out(io.RawIOBase):
    """What was written and not taken yet."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """All of it, once."""
        taken, self._pieces = b"".join(self._pieces), []
        return taken


def _lines(content: Mapping[str, Any]) -> Iterator[str]:
    """Who said what and when, to be read."""
    for one in content["conversations"]:
        yield said("Conversation %(number)s, begun %(at)s", number=one["id"], at=_at(one))
        for message in one["messages"]:
            note = said("Note among the team") if message["private"] else ""
            yield "\n" + "  ".join(filter(None, (_at(message), _author(message, content["visitor"]), note)))
            yield from filter(None, (message["content"], *(_place(file) for file in message["attachments"])))
        yield "\n"


def _at(row: Mapping[str, Any]) -> str:
    return f"{row['created_at'][:19].replace('T', ' ')} UTC"


def _author(message: Mapping[str, Any], visitor: Mapping[str, Any]) -> str:
    if message["author"] == "visitor":
        return str(message["author_name"] or visitor["name"] or visitor["email"] or said("The visitor"))
    return str(message["author_name"] or {"responder": "AI"}.get(message["author"]) or said("A colleague"))
