"""What a process and all that it has forked hold in memory.

Owns the sum. Must not start anything.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path


def pss_kib(process: subprocess.Popen[bytes]) -> float:
    """Memory of a process and all it has forked, shared pages counted in parts, in KiB."""
    return sum(_pss(pid) for pid in _family(process.pid))


def _family(pid: int) -> Iterator[int]:
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from _family(int(child))


def _pss(pid: int) -> float:
    found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
    return float(found[1]) if found else 0.0
