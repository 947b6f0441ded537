"""Whether something has come at a connection that should be silent: its end, or an answer that nobody waited for.

Owns the look, which costs no round trip and gives way to nobody.
"""

from __future__ import annotations

import select
import sys
from collections.abc import Callable
from functools import cache


def anything_at(descriptor: int) -> bool:
    """Whether there is anything to read, be it the end."""
    looking = _poll()()
    looking.register(descriptor, select.POLLIN)
    return bool(looking.poll(0))


@cache
def _poll() -> Callable[[], select.poll]:
    """The system's: it is asked what is there now, and gevent's would give way to all other greenlets first."""
    gevent = sys.modules.get("gevent.monkey")
    found: Callable[[], select.poll] = gevent.get_original("select", "poll") if gevent else select.poll
    return found
