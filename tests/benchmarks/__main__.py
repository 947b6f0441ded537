"""`make bench`: everything that is measured, in one table.

Owns which measurements there are. `--full` takes longer and varies less.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import accepting, bloat, clicking, landing, lasting, lists, people, streaming, workers
from tests.benchmarks.stage import Servers, servers
from tests.benchmarks.table import Table

MEASURED: dict[str, Callable[..., None]] = {
    "landing": landing.run,
    "people": people.run,
    "accepting": accepting.run,
    "clicking": clicking.run,
    "streaming": streaming.run,
    "lists": lists.run,
    "bloat": bloat.run,
    "workers": workers.run,
    "lasting": lasting.run,
}


def main() -> None:
    """Measure, print the table, write the JSON."""
    asked = argparse.ArgumentParser(prog="make bench", description=__doc__)
    asked.add_argument("--full", action="store_true", help="more rounds")
    asked.add_argument("--only", action="append", choices=sorted(MEASURED), help="measure only this; may be repeated")
    asked.add_argument("--json", type=Path, default=Path("bench.json"), help="where the JSON goes")
    chosen = asked.parse_args()
    table = Table()
    with servers() as running:
        for name in chosen.only or MEASURED:
            _measure(running, table, name, full=chosen.full)
    table.print()
    table.write(chosen.json)


def _measure(running: Servers, table: Table, name: str, *, full: bool) -> None:
    started = time.monotonic()
    with running.stage(name) as stage:
        MEASURED[name](stage, table, full=full)
    print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
