"""Waiting turns: what each costs in memory, how long many take together, and trivial jobs a second.

Owns the baselines: a stock RQ worker, which forks for each job, and RQ's simple worker; other people's workers are in
peers.py.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from rq import Queue, SimpleWorker

from jobs.turn_worker import TurnWorker
from responder.prompt import BUILT_IN, ROLE, block
from tests.benchmarks.memory import pss_kib
from tests.benchmarks.stage import Stage
from tests.benchmarks.table import LEAST, Line, Table
from tests.benchmarks.waiting import (
    MANY,
    QUESTION,
    asked,
    asking,
    count,
    enqueue,
    process,
    slow_model,
    tandem_worker,
    wait_for_workers,
)
from tests.product import ROOT, wait_for

THINK_SECONDS = 5.0
STOCK = 3  # each is a process of its own; three show what one costs
JOBS = 1_000
# What Tandem asks for the one question of `asked`, so that a peer's request holds the same.
SYSTEM = f"{ROLE.format(project='Bench')}\n\n{block('task', BUILT_IN['llm'])}"
PROMPT = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": QUESTION}]
PEERS = ROOT / ".venv" / "bench" / "bin" / "python"


@dataclass(frozen=True)
class Memory:
    """PSS of a process in KiB, with one turn waiting and with MANY."""

    one: float
    all: float

    @property
    def share(self) -> float:
        """A turn's part of the whole process, as a stock worker's one turn has all of its own."""
        return self.all / MANY

    @property
    def each(self) -> float:
        """What one more turn adds."""
        return (self.all - self.one) / (MANY - 1)


def run(stage: Stage, table: Table, *, full: bool) -> None:
    """Memory of waiting turns, their drain, and trivial jobs."""
    memory = _memory(stage)
    waiting, stock, mib = memory.all, _stock_memory(stage), 1024
    rates = mib**2 / stock, mib**2 / memory.share
    table.add(Line("waiting turns in a GiB / stock RQ worker", *rates, "turns", 300, LEAST))
    table.add(Line("PSS of that process, all waiting / 150 MB", 150e6 / mib**2, waiting / mib, "MiB", 1.0))
    took = _drain(stage)
    table.add(Line(f"{MANY} turns of {THINK_SECONDS:g} s in one process / one turn", THINK_SECONDS, took, "s", 1.4))
    simple, ours = _trivial(stage)
    table.add(Line("trivial jobs / RQ's simple worker", simple, ours, "1/s", 2.0, LEAST))
    if not PEERS.exists():
        print("The peers are not installed (`make bench` does it); they are left out.", file=sys.stderr)
        return
    _beside_peers(stage, table, memory, ours)


def _beside_peers(stage: Stage, table: Table, memory: Memory, ours: float) -> None:
    """Memory beside arq's loop with the same client and the same words, and other workers' trivial jobs."""
    with slow_model(60.0) as port:
        words = json.dumps(PROMPT)
        loop = Memory(*_peer(stage, "waiting", stage.redis_url, str(MANY), str(port), words))
    table.add(Line("a waiting turn's share of its process / arq's loop", loop.share, memory.share, "KiB", 1.3))
    table.add(Line("what one more waiting turn adds / arq's loop", loop.each, memory.each, "KiB", 1.3))
    for name in ("arq", "Celery", "Dramatiq", "Procrastinate"):
        address = stage.url if name == "Procrastinate" else stage.redis_url
        (seconds,) = _peer(stage, name, address, str(JOBS // 2))
        table.add(Line(f"trivial jobs / {name}", JOBS / 2 / seconds, ours, "1/s"))


def _peer(stage: Stage, *arguments: str) -> list[float]:
    """What tests/benchmarks/peers.py prints, run where the peers are installed, with nothing left of the one before."""
    Redis.from_url(stage.redis_url).flushall()
    command = [str(PEERS), "-m", "tests.benchmarks.peers", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True)
    # Celery prints its banner before them.
    return [float(line) for line in done.stdout.splitlines() if re.fullmatch(r"\d[\d.e-]*", line)]


def _memory(stage: Stage) -> Memory:
    """One worker with one turn waiting, so that what is loaded with the first is loaded, and with all of them."""
    with tandem_worker(stage, 60.0) as worker:
        first, *others = asked(stage, MANY)
        return Memory(_waiting(stage, worker, [first], 1), _waiting(stage, worker, others, MANY))


def _waiting(stage: Stage, worker: subprocess.Popen[bytes], turns: list[int], together: int) -> float:
    enqueue(stage, turns)
    wait_for("all turns waiting", lambda: count(stage, "thinking") == together, 50)
    time.sleep(2)
    return pss_kib(worker)


def _drain(stage: Stage) -> float:
    """Seconds from the first of many turns in the queue to the last one's landing."""
    with tandem_worker(stage, THINK_SECONDS):
        turns = asked(stage, MANY)
        started = time.monotonic()
        enqueue(stage, turns)
        wait_for("all turns landed", lambda: count(stage, "landed") == MANY, 120)
        return time.monotonic() - started


def _stock_memory(stage: Stage) -> float:
    """PSS of a stock worker and its fork with one turn waiting, in KiB."""
    with ExitStack() as running:
        known = asking(stage, running.enter_context(slow_model(60.0)))
        command = [str(Path(sys.executable).parent / "rq"), "worker", "turns", "--url", stage.redis_url]
        workers = [running.enter_context(process(command, known)) for _ in range(STOCK)]
        wait_for_workers(stage, STOCK)
        enqueue(stage, asked(stage, STOCK))
        wait_for("stock turns waiting", lambda: count(stage, "thinking") == STOCK, 60)
        time.sleep(1)
        return sum(pss_kib(one) for one in workers) / STOCK


def nothing() -> None:
    """The trivial job."""


def _trivial(stage: Stage) -> tuple[float, float]:
    """Jobs a second of RQ's simple worker and of ours, in turns, each draining the same number."""
    redis = Redis.from_url(stage.redis_url)
    ways: dict[str, Callable[[Queue], SimpleWorker]] = {
        "simple": lambda queue: SimpleWorker([queue], connection=redis),
        "ours": lambda queue: TurnWorker([queue], connection=redis, turns=100),
    }
    seconds = dict.fromkeys(ways, 0.0)
    for number in range(2):
        for name, make in ways.items():
            queue = Queue(f"trivial-{name}", connection=redis)
            queue.enqueue_many([Queue.prepare_data(nothing, result_ttl=0) for _ in range(JOBS)])
            worker = make(queue)
            started = time.perf_counter()
            worker.work(burst=True, logging_level="ERROR")
            if number:  # the first warms up
                seconds[name] += time.perf_counter() - started
    return JOBS / seconds["simple"], JOBS / seconds["ours"]
