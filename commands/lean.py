"""What a process is told of its memory before it starts: a worker is to take little, the web process to be quick.

Owns the settings of the C library and of the interpreter, which these read only when a program begins. Other C
libraries ignore theirs.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping

SETTING = "GLIBC_TUNABLES"
# Else each thread keeps what it freed before it began to wait for itself, 12 KiB that no other may use, and groups of
# threads have heaps of their own, each with its own gaps: 1 KiB of each waiting turn.
SHARED = "glibc.malloc.tcache_count=0:glibc.malloc.arena_max=1"

# What a request touches lies all over the memory. In small pages the processor looks up most of them anew each time,
# for others ran meanwhile: a twentieth of the web process's time on a machine that serves nothing else, a sixth on one
# that does much beside, wherever the kernel gives large ones to who asks. They take 5 MiB more. Python's own allocator
# does not ask, so it is left out.
LARGE_PAGES = "glibc.malloc.hugetlb=1"
ASKING = {"PYTHONMALLOC": "malloc"}

# Of what failed a traceback names the line, and not the columns in it, which take 0.4 MiB of all code that is loaded.
LINES_ONLY = {"PYTHONNODEBUGRANGES": "1"}


def lean(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process of hundreds of threads that wait. What is set there already stands."""
    return {**LINES_ONLY, **environment, SETTING: _before(SHARED, environment)}


def quick(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process that answers requests. Another library's allocator may be slower than Python's."""
    if platform.libc_ver()[0] != "glibc":
        return dict(environment)
    return {**ASKING, **environment, SETTING: _before(LARGE_PAGES, environment)}


def _before(ours: str, environment: Mapping[str, str]) -> str:
    given = environment.get(SETTING)
    return f"{ours}:{given}" if given else ours
