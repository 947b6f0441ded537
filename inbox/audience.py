"""Who listens to events in this process now.

Owns the streams that are open here, their beats, and that nobody reads on who may not (I8). Must not read the event
log, nor wait for a listener.
"""

from __future__ import annotations

import logging
import threading
import time

from sqlalchemy.exc import SQLAlchemyError

from inbox.crowd import Crowd, Whose
from inbox.listener import Listener
from inbox.rounds import Rounds

log = logging.getLogger(__name__)

BEAT = b": beat\n\n"
BEAT_SECONDS = 15.0
UNSURE_SECONDS = 60.0  # four beats; whose reader could not be looked up for so long is not let read on
LOOKS_AT_ONCE = 4  # a thousand readers are looked up in time even where each look takes 0.2 s


class Audience:
    """The listeners, each with its turns: it is told that the line stands, and asked whether its reader may stay."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._crowd = Crowd()
        self._guard = threading.Lock()  # never held while something waits
        # Two rounds, for a look asks the database, which may be slow, and a beat must not be late:
        # tests/integration/test_hub.py::test_beats_go_on_while_the_database_says_nothing
        self._beats = Rounds("event beats", lambda: BEAT_SECONDS, self._beat)
        self._looks = Rounds("event readers", lambda: BEAT_SECONDS, self._look)

    def start(self, stopped: threading.Event) -> None:
        """Go round until it is stopped."""
        self._beats.start(stopped)
        self._looks.start(stopped, LOOKS_AT_ONCE)

    def __len__(self) -> int:
        return len(self._listeners)

    def all(self) -> list[Listener]:
        """Who listens at this moment."""
        with self._guard:
            return list(self._listeners)

    def has_room(self, whose: Whose) -> bool:
        """Whether one more of theirs may listen."""
        with self._guard:
            return self._crowd.has_room(whose)

    def admit(self, listener: Listener) -> bool:
        """From now on it is one of them; False, and its stream ends, where its reader may not read, or has too many."""
        if listener.stays is not None and not listener.stays():
            listener.end()
            return False
        if not self._comes(listener):
            listener.end()
            return False
        listener.sure_at = time.monotonic()
        self._beats.add(listener)
        if listener.stays is not None:
            self._looks.add(listener)
        return True

    def leave(self, listener: Listener) -> None:
        """Its client has gone."""
        with self._guard:
            if listener in self._listeners:
                self._listeners.remove(listener)
                self._crowd.go(listener.whose)

    def drop(self, listener: Listener) -> None:
        """End its stream; its client may come back."""
        self.leave(listener)
        listener.end()

    def _comes(self, listener: Listener) -> bool:
        """Once more whether there is room: many who ask at once all found some."""
        with self._guard:
            if not self._crowd.has_room(listener.whose):
                return False
            self._listeners.add(listener)
            self._crowd.come(listener.whose)
            return True

    def _is_here(self, listener: Listener) -> bool:
        with self._guard:
            return listener in self._listeners

    def _beat(self, listener: Listener) -> bool:
        """Say that the line stands. Whether there is a next time."""
        if not self._is_here(listener):
            return False
        if listener.stays is not None and time.monotonic() - listener.sure_at > UNSURE_SECONDS:
            log.warning("A stream ends: its reader could not be looked up for %.0f s.", UNSURE_SECONDS)
            self.drop(listener)
            return False
        listener.put_beat(BEAT)
        return True

    def _look(self, listener: Listener) -> bool:
        """Look whether the reader may still read. Whether there is a next time."""
        if listener.stays is None or not self._is_here(listener):
            return False
        try:
            stays = listener.stays()
        except SQLAlchemyError:  # the next look is soon, and the beats end a stream that is unsure for long
            return True
        except Exception as error:  # one that cannot be asked for is not let read on; its client comes back
            log.warning("A stream ends: its reader could not be looked up (%s).", type(error).__name__)
            stays = False
        if stays:
            listener.sure_at = time.monotonic()
        else:
            self.drop(listener)
        return stays
