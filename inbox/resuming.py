"""Where a stream goes on: the id of the last event that a client has, and the frames that come after it.

Owns event ids as clients give them back. Must not wait for anything: what is new is the hub's (inbox/hub.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from inbox.database import single_statements
from inbox.errors import BadEventId
from inbox.events import BATCH, HEAD, Change, Scope, read

STANDS = text("SELECT EXISTS (SELECT 1 FROM change WHERE position = :position)")
OLDEST = text("SELECT min(position) FROM change")
NEWEST = text("SELECT max(position) FROM change WHERE project_id = :project AND position IS NOT NULL")


@dataclass(frozen=True)
class Start:
    """Where a stream begins; of the change `partial` the frames up to `index` are known already."""

    position: int
    index: int = -1
    partial: int | None = None
    reset: bool = False


def begin(connection: Connection, scope: Scope, last_event_id: str | None) -> Start:
    """Where the stream of a client with this last id begins. Raises BadEventId if it was never issued to it."""
    head = int(connection.execute(HEAD).scalar_one())
    if not last_event_id:
        return Start(head)
    if last_event_id == "0":
        return Start(0)
    position, index = parse_id(last_event_id)
    if position > head:
        raise BadEventId("This event id was never issued.")
    oldest = connection.execute(OLDEST).scalar_one()
    if oldest is None or position < oldest:
        return Start(head, reset=True)
    if not connection.execute(STANDS, {"position": position}).scalar_one():
        return Start(head, reset=True)  # what it told was erased: inbox/visitors.py
    issued = read(connection, position - 1, scope, limit=1)
    if not issued or issued[0].position != position or index not in _indices(issued[0].shown_to(scope)):
        raise BadEventId("This event id was never issued to you.")
    # The change is read again from its beginning and the frames up to `index` are left out.
    return Start(position - 1, index=index, partial=position)


def newest_id(connection: Connection, project_id: int) -> str | None:
    """The id of the project's newest event, as its agents see it."""
    newest = connection.execute(NEWEST, {"project": project_id}).scalar_one()
    if newest is None:
        return None
    changes = read(connection, newest - 1, Scope(project_id), limit=1)
    if not changes:  # it was erased between the two
        return newest_id(connection, project_id)
    return f"{changes[0].position}.{max(_indices(changes[0].for_agents), default=0)}"


def behind(frames: bytes, change: Change, start: Start) -> bytes:
    """The frames that come after the last one that the client has."""
    if change.position != start.partial:
        return frames
    parts = [part + b"\n\n" for part in frames.split(b"\n\n") if part]
    return b"".join(part for part in parts if _index_of(part) > start.index)


def parse_id(event_id: str) -> tuple[int, int]:
    """(position, index) of an id that a stream has issued. Raises BadEventId."""
    match = re.fullmatch(r"([1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,3})", event_id)
    if match is None:
        raise BadEventId("This event id was never issued.")
    return int(match.group(1)), int(match.group(2))


def _indices(frames: bytes) -> set[int]:
    return {_index_of(part) for part in frames.split(b"\n\n") if part}


def _index_of(frame: bytes) -> int:
    return int(frame.split(b"\n", 1)[0].rpartition(b".")[2])


def catch_up(engine: Engine, scope: Scope, position: int) -> Iterator[Change]:
    """What was committed after the position, piece by piece; no connection is held between them."""
    while True:
        with single_statements(engine).connect() as connection:
            batch = read(connection, position, scope)
        yield from batch
        if len(batch) < BATCH:
            return
        position = batch[-1].position
