"""What a worker process is told of its memory before it starts.

Owns the C library's setting for it, which that reads only when a program begins. Other C libraries ignore it.
"""

from __future__ import annotations

from collections.abc import Mapping

SETTING = "GLIBC_TUNABLES"
# Else each thread keeps what it freed before it began to wait for itself, 12 KiB that no other may use, and groups of
# threads have heaps of their own, each with its own gaps: 1 KiB of each waiting turn.
SHARED = "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1"


def lean(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process of hundreds of threads that wait. What is set there already stands."""
    given = environment.get(SETTING)
    return {**environment, SETTING: f"{SHARED}:{given}" if given else SHARED}
