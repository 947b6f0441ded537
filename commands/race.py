"""`flask race`: watch the stale save happen, and not happen.

Owns the command's options and progress; jobs/race.py is the lab.
"""

from __future__ import annotations

import re
import threading
from typing import Any

import click
from tqdm import tqdm

from commands.result import print_result, servers
from inbox.database import connect
from inbox.race_lab import Race
from inbox.redis import redis_client
from jobs.race import run


class Seconds(click.ParamType[tuple[float, float]]):
    """A range of seconds such as 0.5-2."""

    name = "A-B"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[float, float]:
        """The range, or a usage error."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?", str(value))
        low = float(match.group(1)) if match else -1.0
        high = float(match.group(2) or low) if match else -1.0
        if not 0 <= low <= high <= 60:
            self.fail("must be seconds from 0 to 60, such as 0.5-2", param, ctx)
        return low, high


@click.command()
@click.option("--conversations", type=click.IntRange(1, 5000), default=200, show_default=True)
@click.option("--agents", type=click.IntRange(1, 200), default=20, show_default=True)
@click.option("--think", type=Seconds(), default="0.5-2", show_default=True, help="How long a turn thinks.")
def race(conversations: int, agents: int, think: tuple[float, float]) -> None:
    """The same storm against the naive writer and against Tandem's landing; prints what each of them lost."""
    settings = servers()
    engine = connect(str(settings.database_url), pool_size=40, application="tandem race lab")
    run_of = Race(conversations, agents, think)
    over = threading.Event()
    watching = threading.Thread(target=_watch, args=(run_of, over), daemon=True)
    watching.start()
    try:
        run(engine, redis_client(str(settings.redis_url)), run_of)
    finally:
        over.set()
        watching.join()
    print_result(run_of.as_json())
    if run_of.tandem.lost:
        raise SystemExit(1)


def _watch(run_of: Race, over: threading.Event) -> None:
    with tqdm(total=run_of.conversations * 2, unit="turn") as bar:
        while True:
            done = over.wait(0.2)
            bar.n = run_of.naive.turns + run_of.tandem.turns
            bar.set_postfix(naive_lost=run_of.naive.lost, tandem_lost=run_of.tandem.lost)
            if done:
                return
