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

log = logging.getLogger(__name__)


class Directly:
    """Runs turns in this process, at most as many at once as a worker holds of the queue's."""

    def __init__(self, here: Context) -> None:
        self._here = here
        self._places = threading.Semaphore(here.settings.turns)

    def start(self, turn_ids: Iterable[int]) -> int:
        """Start these turns, as many as find a place; the next sweep finds the others. Returns how many."""
        return sum(self._start(turn_id) for turn_id in turn_ids)

    def _start(self, turn_id: int) -> bool:
        if not self._places.acquire(blocking=False):
            return False
        try:
            threading.Thread(target=self._run, args=(turn_id,), name=f"turn-{turn_id}", daemon=True).start()
        except RuntimeError as error:  # of a container, say, that may have few threads
            log.warning("Turn %s waits for the next sweep: %s.", turn_id, error)
            self._places.release()
            return False
        return True

    def _run(self, turn_id: int) -> None:
        try:
            turn.run(self._here, turn_id)
        except Exception:
            log.warning("Turn %s ended with an error, which is told above.", turn_id)
        finally:
            self._places.release()
