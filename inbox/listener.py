"""One open event stream as the hub sees it: who listens, how far they are, what waits for them.

Owns that nothing is told twice, and that a listener who does not read costs no more than CLIENT_FRAMES references to
bytes that were encoded once for all. Must not wait, nor know where the frames go.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from inbox.crowd import NOBODYS, Whose
from inbox.events import Change, Scope
from inbox.resuming import Start

CLIENT_FRAMES = 1_000  # a client that is so far behind does not read; it is dropped and may come back
MOST_BEFORE_A_SIGN = 50  # frames that wait for a client; behind them a sign would be stale


class Listener:
    """What was put for it comes out of `next` in order. `told` is called after each and must not wait."""

    __slots__ = ("_waiting", "ended", "position", "scope", "start", "stays", "sure_at", "told", "whose")

    def __init__(
        self, scope: Scope, start: Start, stays: Callable[[], bool] | None = None, whose: Whose = NOBODYS
    ) -> None:
        self.scope = scope
        self.whose = whose
        self.start = start
        self.position = start.position
        self.stays = stays  # asked again and again, whether the reader may still read
        self.sure_at = 0.0  # when it last said so, by the clock that never goes back
        self.told: Callable[[], None] = _to_nobody
        self.ended = False
        self._waiting: deque[Change | bytes] = deque()

    def put(self, what: Change | bytes) -> bool:
        """Keep it until it is read. False if so much waits already that the listener does not read."""
        if len(self._waiting) >= CLIENT_FRAMES:
            return False
        self._waiting.append(what)
        self.told()
        return True

    def put_sign(self, frame: bytes) -> None:
        """Something that may be missed: one that reads slowly goes without it."""
        if len(self._waiting) < MOST_BEFORE_A_SIGN:
            self.put(frame)

    def put_beat(self, frame: bytes) -> None:
        """A comment for a stream that is quiet; one for which something waits is not."""
        if not self._waiting:
            self.put(frame)

    def next(self) -> bytes | None:
        """The next frames to show; None while there are none. What catching up has read already is left out."""
        while self._waiting and not self.ended:
            what = self._waiting.popleft()
            if isinstance(what, bytes):
                return what
            if what.position > self.position:
                self.position = what.position
                if shown := what.shown_to(self.scope):
                    return shown
        return None

    def end(self) -> None:
        """All that waits goes, not one of it: what the client sends as its last id is then what it truly saw, and
        nothing is skipped when it comes back: tests/integration/test_hub.py::test_slow_client_is_dropped
        """
        self.ended = True
        self.told()


def _to_nobody() -> None:
    """Nobody waits yet: the stream still catches up."""
