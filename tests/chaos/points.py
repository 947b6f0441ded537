"""Named points of the protocol, and the kill that waits at one.

Owns the folder of armed points inside the product's data folder: a file named after the point, which holds the part
that is to die when any process gets there. Whoever takes the file away kills, so each armed point kills once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

# In the order in which a turn passes them; the last four are the worker's clocks and its retreat.
WORKER_POINTS = (
    "taken", "claimed", "read", "thought", "locked", "refetched", "lost", "written", "position refetched",
    "position written", "unlocked", "enqueued", "swept", "extended", "handing off", "released",
)  # fmt: skip
WEB_POINTS = ("keyed", "stored", "committed", "announced", "placed", "passing on")
# Reached only where something else went wrong before; armed like the others, but a run need not meet them.
RARE_POINTS = frozenset({"lost", "handing off", "released"})

HELD_UP = 0.15  # the share of passes at which a process is held up
MOST_SECONDS = 0.15

_folder = Path(os.environ.get("TANDEM_DATA", ".")) / "points"


def arm(data: Path, point: str, victim: str) -> None:
    """Let `victim` (a part's name, or `self`) die when a process gets to the point."""
    folder = data / "points"
    folder.mkdir(exist_ok=True)
    waiting = folder / f"{point}.new"
    waiting.write_text(victim)
    waiting.rename(folder / point)


def disarm(data: Path, point: str) -> bool:
    """Take the point back; whether it had been reached."""
    (data / "points" / point).unlink(missing_ok=True)
    try:
        (data / "points" / f"{point}.reached").unlink()
    except FileNotFoundError:
        return False
    return True


def was_reached(data: Path, point: str) -> bool:
    """Whether a process got to the armed point."""
    return (data / "points" / f"{point}.reached").exists()


def is_armed(point: str) -> bool:
    """Asked inside a process of the product."""
    return (_folder / point).exists()


def reached(point: str) -> None:
    """Called by a process of the product at the point: kills whom the armed file names, perhaps this very process.

    Now and then it only holds the process up for a moment, as a slow network would: every window is met more often.
    """
    if random.random() < HELD_UP:
        time.sleep(random.uniform(0, MOST_SECONDS))
    armed = _folder / point
    try:
        victim = armed.read_text()  # before it is taken, for then whoever armed it takes it away
        armed.rename(_folder / f"{point}.reached")
    except OSError:
        return
    os.kill(os.getpid() if victim == "self" else pid_of(_folder.parent, victim), signal.SIGKILL)


def pid_of(data: Path, part: str, place: int = 0) -> int:
    """The process that is this part now, as run.json says."""
    pids = json.loads((data / "run.json").read_text())["pids"][part]
    return int(pids[place % len(pids)] if isinstance(pids, list) else pids)


def after(owner: Any, name: str, point: str, when: Callable[[Any], bool] = lambda result: True) -> None:
    """Put a point behind every call of a function that comes back with a result of that kind."""
    real: Callable[..., Any] = getattr(owner, name)

    @wraps(real)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        result = real(*arguments, **named)
        if when(result):
            reached(point)
        return result

    setattr(owner, name, wrapped)


def before(owner: Any, name: str, point: str) -> None:
    """Put a point in front of every call of a function."""
    real: Callable[..., Any] = getattr(owner, name)

    @wraps(real)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        reached(point)
        return real(*arguments, **named)

    setattr(owner, name, wrapped)
