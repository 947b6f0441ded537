"""What a worker process is told of its memory before it starts.

Owns the settings of the C library and of the interpreter, which these read only when a program begins. Other C
libraries ignore theirs.
"""

from __future__ import annotations

from collections.abc import Mapping

SETTING = "GLIBC_TUNABLES"
# Else each thread keeps what it freed before it began to wait for itself, 12 KiB that no other may use, and groups of
# threads have heaps of their own, each with its own gaps: 1 KiB of each waiting turn.
SHARED = "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1"

# Of what failed a traceback names the line, and not the columns in it, which take 0.4 MiB of all code that is loaded.
LINES_ONLY = {"PYTHONNODEBUGRANGES": "1"}


def lean(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process of hundreds of threads that wait. What is set there already stands."""
    given = environment.get(SETTING)
    return {**LINES_ONLY, **environment, SETTING: f"{SHARED}:{given}" if given else SHARED}
