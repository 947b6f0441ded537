"""A worker that goes on for long: what it holds after thousands of turns, beside what it held after the first.

Owns only that. `make bench ONLY=lasting`; with FULL=1 ten thousand turns.
"""

from __future__ import annotations

from tests.benchmarks.memory import pss_kib
from tests.benchmarks.stage import Stage
from tests.benchmarks.table import Line, Table
from tests.benchmarks.waiting import MANY, asked, count, enqueue, tandem_worker
from tests.product import wait_for

SECONDS = 300  # for one batch; far more than it takes


def run(stage: Stage, table: Table, *, full: bool) -> None:
    """PSS of one worker after the first of its turns and after all of them, in MiB."""
    turns, first = (10_000, 1_000) if full else (900, 300)
    with tandem_worker(stage, 0.0) as worker:
        sizes = []
        for number in (first, turns - first):
            for done in range(0, number, MANY):
                _batch(stage, min(MANY, number - done))
            sizes.append(pss_kib(worker) / 1024)
    table.add(Line(f"PSS of a worker after {turns:,} turns / after {first:,}", sizes[0], sizes[1], "MiB", 1.1))


def _batch(stage: Stage, number: int) -> None:
    enqueue(stage, asked(stage, number))
    wait_for("turns ended", lambda: count(stage, "queued") + count(stage, "thinking") == 0, SECONDS)
