"""Leaving a server of models alone while it fails, and trying it again carefully.

Owns the rule and one process's own memory of it. Shared by all workers it is in jobs/breaker.py.

The rule is the circuit breaker of M. Nygard's "Release It!". Of the libraries, pybreaker is the maintained one for
threads; it holds its lock for as long as a call runs, so that one turn would think at a time, and without Redis it
counts nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

FAILURES_TO_OPEN = 5  # in a row, of any turns: one bad minute of a server is that many at once
OPEN_SECONDS = 20.0  # longer than a restart of most servers, short enough for visitors who come next
PROBE_SECONDS = 30.0  # how long one careful try may take before another is allowed


class Breaker(Protocol):
    """What is known of each endpoint, by its name. Never raises."""

    def allows(self, endpoint: str) -> bool:
        """Whether a call is worth trying now; after a rest one caller at a time hears yes."""

    def failed(self, endpoint: str) -> None:
        """A call came to nothing, and the endpoint is to blame."""

    def succeeded(self, endpoint: str) -> None:
        """A call was answered: everything before it is forgotten."""


@dataclass
class _Memory:
    failures: int = 0
    rested: bool = False  # it was left alone, and has not answered since
    closed_until: float = 0.0


class LocalBreaker:
    """A Breaker of one process, safe in many threads. `clock` is monotonic."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._known: dict[str, _Memory] = {}

    def allows(self, endpoint: str) -> bool:
        """As the protocol has it."""
        with self._guard:
            memory = self._known.get(endpoint)
            if memory is None or not memory.rested:
                return True
            if self._clock() < memory.closed_until:
                return False
            memory.closed_until = self._clock() + PROBE_SECONDS  # this caller tries; the others wait for what it finds
            return True

    def failed(self, endpoint: str) -> None:
        """As the protocol has it."""
        with self._guard:
            memory = self._known.setdefault(endpoint, _Memory())
            memory.failures += 1
            if memory.rested or memory.failures >= FAILURES_TO_OPEN:
                memory.rested, memory.closed_until, memory.failures = True, self._clock() + OPEN_SECONDS, 0

    def succeeded(self, endpoint: str) -> None:
        """As the protocol has it."""
        with self._guard:
            self._known.pop(endpoint, None)
