"""Waiting for a statement's answer in gevent's loop, where this process runs on one.

Owns that wait. psycopg's own works there as well, through gevent's imitation of `poll`, which makes and forgets half a
dozen objects for every answer. Must not know what is waited for.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import cache
from typing import Any

import psycopg

Wait = Callable[[Any, int, float | None], Any]


class TooSlow(psycopg.OperationalError):
    """No answer came in time."""


@cache
def in_the_loop() -> Wait | None:
    """As psycopg.waiting.wait: a generator, its socket, and for how many seconds at most (None: for ever).

    None where what waits does not give way to greenlets.
    """
    monkey = sys.modules.get("gevent.monkey")
    if monkey is None or not monkey.is_module_patched("select"):
        return None
    from gevent import get_hub
    from gevent.socket import wait as until

    def wait(gen: Any, descriptor: int, seconds: float | None) -> Any:
        end = None if seconds is None else time.monotonic() + seconds
        try:
            events = next(gen)
            while True:  # the loop has psycopg's numbers for reading, writing and both
                watcher = get_hub().loop.io(descriptor, events)
                try:
                    until(watcher, None if end is None else max(0.0, end - time.monotonic()), TooSlow)
                finally:
                    watcher.close()
                events = gen.send(events)
        except StopIteration as ended:
            return ended.value

    return wait
