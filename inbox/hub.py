"""The event streams' delivery: one reader of the event log for all open streams of a process.

Owns who listens here now, and when their frames come. Must not hold a database connection for each client, nor decide
what a listener may see: inbox/events.py does.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from inbox import passing
from inbox.database import single_statements
from inbox.events import BATCH, HEAD, Change, Scope, place, read
from inbox.passing import Sign, decode
from inbox.resuming import Start, begin, behind, newest_id
from inbox.wake import CHANNEL

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0  # a wake-up that was lost costs at most this
POLL_WITHOUT_REDIS_SECONDS = 0.25
BEAT_SECONDS = 15.0
CLIENT_FRAMES = 1_000  # a client that is so far behind does not read; it is dropped and may come back
MOST_BEFORE_A_SIGN = 50  # frames that wait for a client; behind them a sign would be stale

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
            return newest_id(connection, project_id)

    def stream(self, scope: Scope, last_event_id: str | None) -> Iterator[bytes]:
        """The frames for one client, for ever. Raises BadEventId before the first if the id was never issued."""
        frames: Frames = queue.SimpleQueue()
        self._ensure_started()
        place(self._engine)
        with single_statements(self._engine).connect() as connection:
            start = begin(connection, scope, last_event_id)
        return self._frames(scope, start, frames)

    def _frames(self, scope: Scope, start: Start, frames: Frames) -> Iterator[bytes]:
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
                shown = behind(change.shown_to(scope), change, start)
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
