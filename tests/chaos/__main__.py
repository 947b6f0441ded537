"""`make chaos SECONDS=60`: chaos for as long as asked.

Owns the command's options and its result: one line of JSON, the last of stdout; exit 1 and the violations on stderr if
there are any.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from pathlib import Path

import click

from tests.chaos.storm import Storm


@click.command()
@click.option("--seconds", type=click.FloatRange(5), default=60.0, show_default=True, help="How long people act.")
@click.option("--seed", type=int, help="Of an earlier run, to choose the same people and kills.")
@click.option("--data", type=click.Path(path_type=Path), help="Where the product's files are kept; else they go.")
@click.option("--port", type=int, help="Where the product listens; else any free port.")
@click.option("--fault", help="A guard to take out of the workers (tests/concurrency/faults.py), to see it noticed.")
def main(seconds: float, seed: int | None, data: Path | None, port: int | None, fault: str | None) -> None:
    """Kill everything at random under load, and check that nothing was lost, doubled or reverted."""
    seed = random.SystemRandom().randrange(10**6) if seed is None else seed
    with tempfile.TemporaryDirectory(prefix="chaos-") as temporary:
        storm = Storm(data or Path(temporary), seconds, seed, port, fault)
        result = storm.run()
    for one in storm.wrong:
        click.echo(f"VIOLATION (seed {seed}): {one}", err=True)
    click.echo(json.dumps(result))
    sys.exit(1 if storm.wrong else 0)


if __name__ == "__main__":
    main()
