"""The event streams: every commit, in commit order, with no gap and nothing twice (I7).

Owns positions, frames and the hub that feeds open streams. Must not hold a database connection for each client.

A change's id comes from a sequence and becomes visible out of commit order, so nobody reads by it. Positions are
given after the commit, by one reader at a time (the row lock on stream_head), to all changes that are visible then:
what commits later gets a higher one: tests/integration/test_events.py::test_commits_out_of_order.
"""

from __future__ import annotations

import json
import logging
import queue
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from inbox import passing, representation
from inbox.database import single_statements
from inbox.errors import BadEventId
from inbox.passing import Sign, decode
from inbox.wake import CHANNEL

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0  # a wake-up that was lost costs at most this
POLL_WITHOUT_REDIS_SECONDS = 0.25
BEAT_SECONDS = 15.0
CLIENT_FRAMES = 1_000  # a client that is so far behind does not read; it is dropped and may come back
BATCH = 500
MOST_BEFORE_A_SIGN = 50  # frames that wait for a client; behind them a sign would be stale

UNPLACED = text("SELECT EXISTS (SELECT 1 FROM change WHERE position IS NULL)")
# A process that stalls while it holds this lock would silence every stream; the server then ends its transaction.
LOCK_HEAD = text(
    "SELECT position, set_config('idle_in_transaction_session_timeout', '5s', true) FROM stream_head FOR UPDATE"
)
PLACE = text(
    """
WITH fresh AS (
    SELECT id, :head + row_number() OVER (ORDER BY id) AS position FROM change WHERE position IS NULL),
placed AS (UPDATE change SET position = fresh.position FROM fresh WHERE change.id = fresh.id RETURNING 1)
UPDATE stream_head SET position = position + (SELECT count(*) FROM placed)
"""
)
HEAD = text("SELECT position FROM stream_head")
STANDS = text("SELECT EXISTS (SELECT 1 FROM change WHERE position = :position)")
OLDEST = text("SELECT min(position) FROM change")
NEWEST = text("SELECT max(position) FROM change WHERE project_id = :project AND position IS NOT NULL")
AFTER = """
SELECT ch.position, ch.project_id, ch.conversation_id, ch.version, ch.at, ch.body, to_jsonb(v) AS visitor
FROM change ch LEFT JOIN conversation c ON c.id = ch.conversation_id LEFT JOIN visitor v ON v.id = c.visitor_id
WHERE ch.position > :after {more} ORDER BY ch.position LIMIT :limit
"""


@dataclass(frozen=True)
class Scope:
    """Who listens: a project's agents, or the visitor of one conversation."""

    project_id: int
    conversation_id: int | None = None
    # For an agent's page: who reads it, and which conversation is open there. Only pages see signs (inbox/passing.py).
    reader_id: int | None = None
    watching: int | None = None
    whole: bool = False  # of a visitor: also how the conversation stands

    @property
    def is_visitor(self) -> bool:
        """Whether only public things of one conversation may be seen."""
        return self.conversation_id is not None

    def covers(self, change: Change) -> bool:
        """Whether the change is of the project, and of the visitor's conversation."""
        return change.project_id == self.project_id and self.conversation_id in (None, change.conversation_id)

    def sees(self, sign: Sign) -> bool:
        """Whether the sign is for this page. Never for a visitor, nor for a program."""
        return (
            self.reader_id is not None
            and sign.project_id == self.project_id
            and sign.conversation_id in (None, self.watching)
            and sign.agent_id in (None, self.reader_id)
        )


@dataclass(frozen=True)
class Change:
    """One commit with its frames, encoded once: for agents, and for the conversation's visitor."""

    position: int
    project_id: int
    conversation_id: int
    for_agents: bytes
    for_visitor: bytes
    for_widget: bytes

    def shown_to(self, scope: Scope) -> bytes:
        """The frames that a listener may see."""
        if not scope.is_visitor:
            return self.for_agents
        return self.for_widget if scope.whole else self.for_visitor


def place(engine: Engine) -> None:
    """Give positions to all committed changes that have none."""
    with single_statements(engine).connect() as connection:
        if not connection.execute(UNPLACED).scalar_one():
            return
    with engine.begin() as connection:
        head = connection.execute(LOCK_HEAD).one().position
        # A statement of its own: its snapshot is younger than the lock.
        connection.execute(PLACE, {"head": head})


def read(connection: Connection, after: int, scope: Scope | None = None, limit: int = BATCH) -> list[Change]:
    """Placed changes after a position, in order; of everything, or of what a listener may see."""
    more, parameters = "", {"after": after, "limit": limit}
    if scope is not None:
        more = "AND ch.project_id = :project"
        parameters["project"] = scope.project_id
        if scope.conversation_id is not None:
            more += " AND ch.conversation_id = :conversation"
            parameters["conversation"] = scope.conversation_id
    return [encode(row) for row in connection.execute(text(AFTER.format(more=more)), parameters).mappings()]


def encode(row: Mapping[Any, Any]) -> Change:
    """A change row as frames."""
    events = list(events_of(row))
    agents = b"".join(_frame(row["position"], n, name, data) for n, (name, data, _) in enumerate(events))
    visible = [(name, _frame(row["position"], n, name, data)) for n, (name, _, data) in enumerate(events) if data]
    visitor = b"".join(frame for name, frame in visible if name != "conversation.updated")
    widget = b"".join(frame for _, frame in visible)
    return Change(row["position"], row["project_id"], row["conversation_id"], agents, visitor, widget)


def events_of(row: Mapping[Any, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any] | None]]:
    """(name, data for agents, data for the visitor or None) of everything that the commit did, of a row of AFTER."""
    body = row["body"]
    head = {
        "conversation_id": row["conversation_id"],
        "version": row["version"],
        "at": representation.moment(row["at"]),
    }
    for message in body["messages"]:
        public = None if message["private"] else {"message": representation.message_for_visitor(message)}
        yield _event("message.created", head, {"message": representation.message(message)}, public)
    for turn in body["turns"]:
        shown = {"turn": {"status": turn["status"]}}
        yield _event("turn.updated", head, {"turn": representation.turn(turn)}, shown)
    for draft in body["drafts"]:
        yield _event("draft.updated", head, {"draft": representation.draft(draft)}, None)
    for entry in body["entries"]:
        yield _event("timeline.created", head, {"entry": representation.entry(entry)}, None)
    if body["conversation"] is not None and row["visitor"] is not None:
        shown_conversation = representation.conversation(body["conversation"], row["visitor"])
        told = {name: body["conversation"][name] for name in ("status", "responder_state")}
        yield _event("conversation.updated", head, {"conversation": shown_conversation}, {"conversation": told})


def _event(
    name: str, head: dict[str, Any], what: dict[str, Any], public: dict[str, Any] | None
) -> tuple[str, dict[str, Any], dict[str, Any] | None]:
    return name, {"type": name, **head, **what}, None if public is None else {"type": name, **head, **public}


def _frame(position: int, index: int, name: str, data: dict[str, Any]) -> bytes:
    return f"id: {position}.{index}\nevent: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


# Of the queues the one that is smallest when it is empty: there is one for each open stream.
Frames = queue.SimpleQueue[Change | Sign | None]


class Hub:
    """One reader of the change log for all open streams of this process.

    Woken by Redis, and by a clock where a wake-up was lost. Works with threads and with greenlets alike.
    """

    def __init__(self, engine: Engine, redis: Redis | None) -> None:
        self._engine = engine
        self._redis = redis
        self._clients: dict[Frames, Scope] = {}
        self._guard = threading.Lock()
        self._position: int | None = None
        self._woken = threading.Event()
        self._started = False
        self._redis_away = redis is None
        self._closed = False

    def wake(self) -> None:
        """Something was committed by this very process."""
        self._woken.set()

    def close(self) -> None:
        """Read no more: open streams end, the threads go within a second."""
        self._closed = True
        self._woken.set()
        with self._guard:
            open_streams = list(self._clients)
        for frames in open_streams:
            self._drop(frames)

    def listening(self) -> int:
        """How many streams are open here."""
        with self._guard:
            return len(self._clients)

    def position(self, project_id: int) -> str | None:
        """The id of the project's newest event: a page that is rendered now misses nothing after it."""
        place(self._engine)
        with single_statements(self._engine).connect() as connection:
            newest = connection.execute(NEWEST, {"project": project_id}).scalar_one()
            if newest is None:
                return None
            change = read(connection, newest - 1, Scope(project_id), limit=1)[0]
        return f"{newest}.{max(_indices(change.for_agents))}"

    def stream(self, scope: Scope, last_event_id: str | None) -> Iterator[bytes]:
        """The frames for one client, for ever. Raises BadEventId before the first if the id was never issued."""
        frames: Frames = queue.SimpleQueue()
        self._ensure_started()
        place(self._engine)
        with single_statements(self._engine).connect() as connection:
            start = self._start(connection, scope, last_event_id)
        return self._frames(scope, start, frames)

    def _frames(self, scope: Scope, start: _Start, frames: Frames) -> Iterator[bytes]:
        with self._guard:
            self._clients[frames] = scope
        try:
            yield b": welcome\n\n"
            if start.reset:
                yield b'event: reset\ndata: {"type": "reset"}\n\n'
            position = start.position
            # What was committed before this client was registered is read here; the queue has everything after it,
            # and perhaps some of it again, which the position tells.
            for change in self._catch_up(scope, position):
                shown = _behind(change.shown_to(scope), change, start)
                position = change.position
                if shown:
                    yield shown
            while True:
                try:
                    live = frames.get(timeout=BEAT_SECONDS)
                except queue.Empty:
                    yield b": beat\n\n"
                    continue
                if live is None:  # too far behind: the client comes back with its last id
                    return
                if isinstance(live, Sign):
                    yield live.frame()
                elif live.position > position:
                    position = live.position
                    if shown := live.shown_to(scope):
                        yield shown
        finally:
            with self._guard:
                self._clients.pop(frames, None)

    def _catch_up(self, scope: Scope, position: int) -> Iterator[Change]:
        while True:
            with single_statements(self._engine).connect() as connection:
                batch = read(connection, position, scope)
            yield from batch
            if len(batch) < BATCH:
                return
            position = batch[-1].position

    def _start(self, connection: Connection, scope: Scope, last_event_id: str | None) -> _Start:
        head = int(connection.execute(HEAD).scalar_one())
        if not last_event_id:
            return _Start(head)
        if last_event_id == "0":
            return _Start(0)
        position, index = parse_id(last_event_id)
        if position > head:
            raise BadEventId("This event id was never issued.")
        oldest = connection.execute(OLDEST).scalar_one()
        if oldest is None or position < oldest:
            return _Start(head, reset=True)
        if not connection.execute(STANDS, {"position": position}).scalar_one():
            return _Start(head, reset=True)  # what it told was erased: inbox/visitors.py
        issued = read(connection, position - 1, scope, limit=1)
        if not issued or issued[0].position != position or index not in _indices(issued[0].shown_to(scope)):
            raise BadEventId("This event id was never issued to you.")
        # The change is read again from its beginning and the frames up to `index` are left out.
        return _Start(position - 1, index=index, partial=position)

    def _ensure_started(self) -> None:
        with self._guard:
            if self._started:
                return
            # Before any client reads what it missed, so that nothing falls between its reading and the hub's.
            place(self._engine)
            with single_statements(self._engine).connect() as connection:
                self._position = int(connection.execute(HEAD).scalar_one())
            self._started = True
        threading.Thread(target=self._run, name="event hub", daemon=True).start()
        if self._redis is not None:
            threading.Thread(target=self._listen, args=(self._redis,), name="event wake-ups", daemon=True).start()

    def _run(self) -> None:
        while not self._closed:
            self._woken.wait(POLL_WITHOUT_REDIS_SECONDS if self._redis_away else POLL_SECONDS)
            self._woken.clear()
            try:
                if not self._closed:
                    self._pass_on()
            except SQLAlchemyError as error:
                log.warning("Events wait: the database does not answer (%s).", type(error).__name__)
                threading.Event().wait(POLL_SECONDS)
            except Exception:  # whatever it was, a hub that has died would be silence for every open stream
                log.exception("Events wait: the change log could not be read.")
                threading.Event().wait(POLL_SECONDS)

    def _pass_on(self) -> None:
        place(self._engine)
        while True:
            with single_statements(self._engine).connect() as connection:
                batch = read(connection, self._position or 0)
            for change in batch:
                self._fan_out(change)
                self._position = change.position
            if len(batch) < BATCH:
                return

    def _fan_out(self, change: Change) -> None:
        with self._guard:
            listening = [frames for frames, scope in self._clients.items() if scope.covers(change)]
        for frames in listening:
            if frames.qsize() < CLIENT_FRAMES:
                frames.put(change)
            else:
                self._drop(frames)

    def _pass_by(self, payload: bytes) -> None:
        """Hand a sign to the pages that it is for; one that reads slowly goes without it."""
        sign = decode(payload)
        if sign is None:
            return
        with self._guard:
            listening = [frames for frames, scope in self._clients.items() if scope.sees(sign)]
        for frames in listening:
            if frames.qsize() < MOST_BEFORE_A_SIGN:
                frames.put(sign)

    def _drop(self, frames: Frames) -> None:
        with self._guard:
            self._clients.pop(frames, None)
        # All that waits goes, not one of it: what the client sends as its last id is then what it truly saw, and
        # nothing is skipped when it comes back: tests/integration/test_events.py::test_slow_client_is_dropped
        with suppress(queue.Empty):
            while True:
                frames.get_nowait()
        frames.put(None)

    def _listen(self, redis: Redis) -> None:
        while not self._closed:
            try:
                with redis.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]  # redis-py
                    channel.subscribe(CHANNEL, passing.CHANNEL)
                    self._redis_away = False
                    while not self._closed:
                        self._heard(channel.get_message(timeout=POLL_SECONDS))
            except (RedisError, OSError):
                self._redis_away = True
                threading.Event().wait(POLL_SECONDS)

    def _heard(self, message: Mapping[str, Any] | None) -> None:
        if message is None:
            return
        if message["channel"] == passing.CHANNEL.encode():
            self._pass_by(message["data"])
        else:
            self._woken.set()


@dataclass(frozen=True)
class _Start:
    """Where a stream begins; of the change `partial` the frames up to `index` are known already."""

    position: int
    index: int = -1
    partial: int | None = None
    reset: bool = False


def _behind(frames: bytes, change: Change, start: _Start) -> bytes:
    """The frames that come after the last one that the client has."""
    if change.position != start.partial:
        return frames
    parts = [part + b"\n\n" for part in frames.split(b"\n\n") if part]
    return b"".join(part for part in parts if _index_of(part) > start.index)


def _indices(frames: bytes) -> set[int]:
    return {_index_of(part) for part in frames.split(b"\n\n") if part}


def _index_of(frame: bytes) -> int:
    return int(frame.split(b"\n", 1)[0].rpartition(b".")[2])


def parse_id(event_id: str) -> tuple[int, int]:
    """(position, index) of an id that a stream has issued. Raises BadEventId."""
    match = re.fullmatch(r"([1-9][0-9]{0,17})\.(0|[1-9][0-9]{0,3})", event_id)
    if match is None:
        raise BadEventId("This event id was never issued.")
    return int(match.group(1)), int(match.group(2))
