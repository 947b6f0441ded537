"""Turns without the queue: while Redis is away, the turns that the sweeper finds run in threads of its own process.

Owns how many of them at once. Must not choose turns: the row is the truth, and whoever claims it first has it, so that
two sweepers, or a Redis that is back in this moment, do no harm (I2):
tests/integration/test_outages.py::test_without_redis_visitors_are_answered
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

from jobs import turn
from jobs.context import Context
from jobs.stopping import Stopping

log = logging.getLogger(__name__)


class Directly:
    """Runs turns in this process, at most as many at once as a worker holds of the queue's."""

    def __init__(self, here: Context, stopping: Stopping) -> None:
        self._here = here
        self._stopping = stopping
        self._running = 0
        self._guard = threading.Lock()

    @property
    def running(self) -> int:
        """How many turns run now."""
        with self._guard:
            return self._running

    def start(self, turn_ids: Iterable[int]) -> int:
        """Start these turns, as many as find a place; the next sweep finds the others. Returns how many."""
        return sum(self._start(turn_id) for turn_id in turn_ids)

    def _start(self, turn_id: int) -> bool:
        if not self._enter():
            return False
        if self._stopping.asked.is_set():  # asked behind the counting: who stops has seen this one, or it sees the stop
            self._leave()
            return False
        try:
            threading.Thread(target=self._run, args=(turn_id,), name=f"turn-{turn_id}", daemon=True).start()
        except RuntimeError as error:  # of a container, say, that may have few threads
            log.warning("Turn %s waits for the next sweep: %s.", turn_id, error)
            self._leave()
            return False
        return True

    def _run(self, turn_id: int) -> None:
        try:
            turn.run(self._here, turn_id)
        except Exception:
            log.warning("Turn %s ended with an error, which is told above.", turn_id)
        finally:
            self._leave()

    def _enter(self) -> bool:
        with self._guard:
            entered = self._running < self._here.settings.turns
            self._running += entered
            return entered

    def _leave(self) -> None:
        with self._guard:
            self._running -= 1
