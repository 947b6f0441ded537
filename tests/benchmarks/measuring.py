"""Timing of two or more ways of doing the same, in turns, so that a slow minute of the machine hits all of them.

Owns clocks, clients and percentiles. Must not know what is measured.
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

Operation = Callable[[], object]
Prepare = Callable[[int], Iterator[Operation]]  # client number -> an endless supply of operations, each run once

WARM = 5  # operations of each client that do not count
FEW = 10


@dataclass(frozen=True)
class Timed:
    """What clients measured: seconds of each operation, and operations per second of all together."""

    seconds: tuple[float, ...]
    rate: float

    def percentile(self, hundredth: float) -> float:
        """In milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(len(ordered) * hundredth / 100))] * 1000

    @property
    def p50_ms(self) -> float:
        """The median in milliseconds."""
        return statistics.median(self.seconds) * 1000


def in_turns(ways: dict[str, Callable[[], Timed]], rounds: int) -> dict[str, Timed]:
    """Run each way `rounds` times, round by round; the first round warms up and does not count."""
    found: dict[str, list[Timed]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, way in ways.items():
            timed = way()
            if number:
                found[name].append(timed)
    return {name: _joined(parts) for name, parts in found.items()}


def _joined(parts: Sequence[Timed]) -> Timed:
    seconds = tuple(one for part in parts for one in part.seconds)
    return Timed(seconds, statistics.mean(part.rate for part in parts))


def by_processor(ways: dict[str, Iterator[Operation]], times: int) -> dict[str, Timed]:
    """Seconds of processor that one operation costs, the client's and those of all servers that this process started.

    In turns of a few; what else runs on the machine makes it vary, but not, as a clock's time, in proportion.
    """
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(times // FEW):
        for name, operations in ways.items():
            before = _processor_seconds(os.getpid())
            for operation in islice(operations, FEW):
                operation()
            found[name].append((_processor_seconds(os.getpid()) - before) / FEW)
    return {name: Timed(tuple(seconds), 1 / statistics.median(seconds)) for name, seconds in found.items()}


def _processor_seconds(pid: int) -> float:
    total, tasks = 0.0, Path(f"/proc/{pid}/task")
    try:
        for task in tasks.iterdir():
            total += int((task / "schedstat").read_text().split()[0]) / 1e9
            total += sum(_processor_seconds(int(child)) for child in (task / "children").read_text().split())
    except FileNotFoundError:  # it has ended a moment ago
        pass
    return total


def one_client(operations: Iterator[Operation], times: int) -> Timed:
    """In this process, one after the other."""
    seconds = _run(operations, times)
    return Timed(tuple(seconds), times / sum(seconds))


def many_clients(clients: int, times: int, prepare: Prepare) -> Timed:
    """Each client a process of its own, all starting together; the rate is all operations over the wall's time."""
    context = multiprocessing.get_context("fork")
    ready, answers = context.Barrier(clients + 1), context.SimpleQueue()

    def client(number: int) -> None:
        operations = prepare(number)
        warm = _run(operations, WARM)
        assert warm
        ready.wait()
        answers.put(_run(operations, times))

    processes = [context.Process(target=client, args=(number,)) for number in range(clients)]
    for process in processes:
        process.start()
    ready.wait()
    started = time.perf_counter()
    seconds: list[float] = []
    for _ in processes:
        seconds += answers.get()
    took = time.perf_counter() - started
    for process in processes:
        process.join()
    return Timed(tuple(seconds), len(seconds) / took)


def _run(operations: Iterator[Operation], times: int) -> list[float]:
    seconds: list[float] = []
    for _ in range(times):
        operation: Any = next(operations)
        started = time.perf_counter()
        operation()
        seconds.append(time.perf_counter() - started)
    return seconds
