"""The event streams' delivery: one reader of the event log for all open streams of a process.

Owns how far this process has read, and that all who listen here (inbox/audience.py) are told. Must not wait for a
listener (one that does not read is dropped), nor decide what it may see: inbox/events.py does.

Woken by Redis, and by a clock where a wake-up was lost. Works with threads and with greenlets alike.

A stream is either pulled, as an iterator that any WSGI server can send, or it is written by a server that takes the
listener over (TAKE_OVER), so that nothing runs or waits for a stream that is quiet: commands/outlet.py.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from inbox import passing
from inbox.audience import Audience
from inbox.crowd import NOBODYS, Whose
from inbox.database import single_statements
from inbox.errors import RateLimited
from inbox.events import BATCH, HEAD, Change, Scope, place, read
from inbox.listener import Listener
from inbox.passing import decode
from inbox.resuming import begin, behind, catch_up, newest_id
from inbox.saying import later
from inbox.wake import CHANNEL

log = logging.getLogger(__name__)

TOO_MANY = later("Too many event streams are open from here. Close some, or try again in a minute.")
POLL_SECONDS = 1.0  # a wake-up that was lost costs at most this
POLL_WITHOUT_REDIS_SECONDS = 0.25
WELCOME = b": welcome\n\n"
RESET = b'event: reset\ndata: {"type": "reset"}\n\n'
TAKE_OVER = "tandem.take_over"  # in a request's environ: the server's callable that takes (hub, listener) over


class Hub:
    """Who listens in this process; what is committed anywhere goes to all of them that may see it."""

    def __init__(self, engine: Engine, redis: Redis | None) -> None:
        self._engine = engine
        self._redis = redis
        self._audience = Audience()
        self._starting = threading.Lock()
        self._position = 0
        self._woken = threading.Event()
        self._stopped = threading.Event()
        self._started = False
        self._redis_away = redis is None

    def wake(self) -> None:
        """Something was committed by this very process."""
        self._woken.set()

    def close(self) -> None:
        """Read no more: open streams end, the threads go within a second."""
        self._stopped.set()
        self._woken.set()
        for listener in self._audience.all():
            self._audience.drop(listener)

    def listening(self) -> int:
        """How many streams are open here."""
        return len(self._audience)

    def position(self, project_id: int) -> str | None:
        """The id of the project's newest event: a page that is rendered now misses nothing after it."""
        place(self._engine)
        with single_statements(self._engine).connect() as connection:
            return newest_id(connection, project_id)

    def open(
        self,
        scope: Scope,
        last_event_id: str | None,
        stays: Callable[[], bool] | None = None,
        whose: Whose = NOBODYS,
    ) -> Listener:
        """A listener that has heard nothing yet. Raises BadEventId if the id was never issued, RateLimited if too many
        of theirs are open here.

        `stays` is asked at the first frame and as often as there are beats; once it is False, nothing more goes out.
        """
        if not self._audience.has_room(whose):
            raise RateLimited(TOO_MANY)
        self._ensure_started()
        place(self._engine)
        with single_statements(self._engine).connect() as connection:
            return Listener(scope, begin(connection, scope, last_event_id), stays, whose)

    def stream(self, scope: Scope, last_event_id: str | None) -> Iterator[bytes]:
        """The frames for one client, for ever. Raises BadEventId before the first if the id was never issued."""
        return self.pulled(self.open(scope, last_event_id))

    def pulled(self, listener: Listener) -> Iterator[bytes]:
        """The listener's frames for a server that asks for them, and waits."""
        told = threading.Event()
        listener.told = told.set
        try:
            yield from self.missed(listener)
            while not listener.ended:
                told.clear()
                while (frames := listener.next()) is not None:
                    yield frames
                if not listener.ended:
                    told.wait()
        finally:
            self.leave(listener)

    def missed(self, listener: Listener) -> Iterator[bytes]:
        """The beginning of a stream. From its first frame on everything that happens waits for the listener."""
        if not self._audience.admit(listener):
            return
        yield WELCOME
        if listener.start.reset:
            yield RESET
        # What was committed before the listener was known is read here; the hub puts everything after it, and
        # perhaps some of it again, which the position tells.
        for change in catch_up(self._engine, listener.scope, listener.position):
            listener.position = change.position
            if shown := behind(change.shown_to(listener.scope), change, listener.start):
                yield shown

    def leave(self, listener: Listener) -> None:
        """Its client has gone."""
        self._audience.leave(listener)

    def _ensure_started(self) -> None:
        with self._starting:
            if self._started:
                return
            # Before any client reads what it missed, so that nothing falls between its reading and the hub's.
            place(self._engine)
            with single_statements(self._engine).connect() as connection:
                self._position = int(connection.execute(HEAD).scalar_one())
            self._started = True
        threading.Thread(target=self._run, name="event hub", daemon=True).start()
        self._audience.start(self._stopped)
        if self._redis is not None:
            threading.Thread(target=self._listen, args=(self._redis,), name="event wake-ups", daemon=True).start()

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._woken.wait(POLL_WITHOUT_REDIS_SECONDS if self._redis_away else POLL_SECONDS)
            self._woken.clear()
            try:
                if not self._stopped.is_set():
                    self._pass_on()
            except SQLAlchemyError as error:
                log.warning("Events wait: the database does not answer (%s).", type(error).__name__)
                self._stopped.wait(POLL_SECONDS)
            except Exception:  # whatever it was, a hub that has died would be silence for every open stream
                log.exception("Events wait: the change log could not be read.")
                self._stopped.wait(POLL_SECONDS)

    def _pass_on(self) -> None:
        place(self._engine)
        while True:
            with single_statements(self._engine).connect() as connection:
                batch = read(connection, self._position)
            for change in batch:
                self._fan_out(change)
                self._position = change.position
            if len(batch) < BATCH:
                return

    def _fan_out(self, change: Change) -> None:
        for listener in self._audience.all():
            if listener.scope.covers(change) and not listener.put(change):
                self._audience.drop(listener)

    def _pass_by(self, payload: bytes) -> None:
        sign = decode(payload)
        if sign is None:
            return
        frame = sign.frame()
        for listener in self._audience.all():
            if listener.scope.sees(sign):
                listener.put_sign(frame)

    def _listen(self, redis: Redis) -> None:
        while not self._stopped.is_set():
            try:
                with redis.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]  # redis-py
                    channel.subscribe(CHANNEL, passing.CHANNEL)
                    self._redis_away = False
                    while not self._stopped.is_set():
                        self._heard(channel.get_message(timeout=POLL_SECONDS))
            except (RedisError, OSError):
                self._redis_away = True
                self._stopped.wait(POLL_SECONDS)

    def _heard(self, message: Mapping[str, Any] | None) -> None:
        if message is None:
            return
        if message["channel"] == passing.CHANNEL.encode():
            self._pass_by(message["data"])
        else:
            self._woken.set()
