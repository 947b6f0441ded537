"""That the process is told to stop: no turn begins any more, and those in flight may land until the time is over.

Owns that moment and that time. One for everything that the process runs, so that turns without the queue
(jobs/directly.py) have what those of the queue have: tests/integration/test_worker_without_redis.py.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

DRAIN_SECONDS = 5.0  # turns in flight may land for so long; then they are released to other workers
LOOK_SECONDS = 0.02


class Stopping:
    """Asked once; a second signal changes nothing, for the time is short.

    The main thread, which hears the signals, must not wait for `asked`: it would hold the lock that a signal takes.
    """

    def __init__(self) -> None:
        self.asked = threading.Event()
        self._over_at = math.inf

    def ask(self) -> None:
        """Stop. From now on the time runs."""
        if not self.asked.is_set():
            self._over_at = time.monotonic() + DRAIN_SECONDS
            self.asked.set()

    def let_land(self, running: Callable[[], int]) -> int:
        """Wait for what runs to its end, after a stop until the time is over. Returns how many still run."""
        while running() and time.monotonic() < self._over_at:
            time.sleep(LOOK_SECONDS)
        return running()

    def wait_until_over(self) -> None:
        """Until a stop is asked for and its time is over. Not for the main thread."""
        self.asked.wait()
        time.sleep(max(0.0, self._over_at - time.monotonic()))
