"""Passwords beside the web process's one thread: to look at one costs a core a tenth of a second, in which every other
request would stand still, and whoever has no account may ask for it.

Owns that thread, and how many may wait for it: each holds a connection to the database meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gevent.lock import BoundedSemaphore
from gevent.threadpool import ThreadPool

from inbox import passwords
from inbox.errors import Unavailable

MOST_AT_ONCE = 8  # of the 20 connections that a web process keeps; the last of them waits for a second


class PasswordThread:
    """Implements inbox.passwords.Runner."""

    def __init__(self) -> None:
        self._thread = ThreadPool(1)  # a second would take the core from everybody else
        self._room = BoundedSemaphore(MOST_AT_ONCE)

    def __call__(self, work: Callable[..., Any], *arguments: str) -> Any:
        """What the work comes to; other requests go on meanwhile. Raises what it raises, and Unavailable."""
        if not self._room.acquire(blocking=False):
            raise Unavailable(passwords.BUSY)
        try:
            came, raised = self._thread.apply(_outcome, (work, arguments))
        finally:
            self._room.release()
        if raised is not None:
            raise raised
        return came


def _outcome(work: Callable[..., Any], arguments: tuple[str, ...]) -> tuple[Any, Exception | None]:
    """What it came to or raised: gevent writes the traceback of what is raised there into the log, and a password that
    does not match is one.
    """
    try:
        return work(*arguments), None
    except Exception as error:
        return None, error
