"""What a worker process is told of its memory before it starts.

Owns the C library's setting for it, which that reads only when a program begins. Other C libraries ignore it.
"""

from __future__ import annotations

from collections.abc import Mapping

SETTING = "GLIBC_TUNABLES"
# Else each thread keeps what it freed before it began to wait for itself, 12 KiB that no other may use.
NO_STORE_FOR_EACH_THREAD = "glibc.malloc.tcache_count=0"


def lean(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process of hundreds of threads that wait. What is set there already stands."""
    given = environment.get(SETTING)
    return {**environment, SETTING: f"{NO_STORE_FOR_EACH_THREAD}:{given}" if given else NO_STORE_FOR_EACH_THREAD}
