"""Going round all open streams, each so long after its last turn: one clock for many streams, in a few threads.

Owns whose turn it is. Must not know what is done then; what waits holds up its own round alone, so what may wait has a
round to itself.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from inbox.listener import Listener


class Rounds:
    """`visit` is called for a listener `seconds()` after it was added, and again as long as it says True."""

    def __init__(self, name: str, seconds: Callable[[], float], visit: Callable[[Listener], bool]) -> None:
        self._name = name
        self._seconds = seconds
        self._visit = visit
        self._due: deque[tuple[float, Listener]] = deque()  # all have the same pause, so they stay in order
        self._guard = threading.Lock()  # never held while something waits

    def add(self, listener: Listener) -> None:
        """From now on it has its turns."""
        with self._guard:
            self._due.append((time.monotonic() + self._seconds(), listener))

    def start(self, stopped: threading.Event, threads: int = 1) -> None:
        """Go round until it is stopped, with so many visits at once."""
        for _ in range(threads):
            threading.Thread(target=self._run, args=(stopped,), name=self._name, daemon=True).start()

    def _run(self, stopped: threading.Event) -> None:
        while not stopped.is_set():
            listener, wait_seconds = self._next()
            if listener is None:
                stopped.wait(wait_seconds)
            elif self._visit(listener):
                self.add(listener)

    def _next(self) -> tuple[Listener | None, float]:
        """Whose turn it is now, or nobody's for so many seconds."""
        with self._guard:
            if not self._due:
                return None, self._seconds()
            wait_seconds = self._due[0][0] - time.monotonic()
            return (None, wait_seconds) if wait_seconds > 0 else (self._due.popleft()[1], 0.0)
