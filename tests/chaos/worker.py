"""The product's worker process with the named points put in from outside.

Owns where the points are. Everything else is jobs/worker.py as it is.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import jobs.claim
import jobs.context
import jobs.landing
import jobs.lease
import jobs.snapshot
import jobs.sweep
import jobs.turn
from inbox.settings import Settings, found_servers
from jobs.landing import Lander
from jobs.lock import conversation_lock
from jobs.queue import RqTurnQueue
from jobs.worker import main
from tests.chaos.points import after, before, is_armed, reached
from tests.concurrency import faults

WINDOW_SECONDS = 0.3  # the window held open for so long at most, so that somebody writes in it
WINDOW_SHARE = 0.3  # of all landings; of every one while the point behind a lost try is armed
_step = threading.local()


def plant() -> None:
    """Put every point in."""
    before(jobs.claim, "claim", "taken")
    after(jobs.claim, "claim", "claimed", lambda claimed: claimed is not None)
    after(jobs.snapshot, "read", "read", lambda work: work is not None)
    after(jobs.turn, "think", "thought")
    after(Lander, "land", "unlocked")
    after(RqTurnQueue, "enqueue", "enqueued")
    after(jobs.lease, "extend", "extended")
    after(jobs.claim, "release", "released")
    after(jobs.sweep, "_waiting", "swept", bool)
    before(jobs.sweep, "hand_off_words", "handing off")
    _plant_in_landing()


def _plant_in_landing() -> None:
    build, lock, land_position = jobs.context.build, conversation_lock, Lander.land_position

    def paused_build(settings: Settings) -> jobs.context.Context:
        here = build(settings)
        return replace(here, lander=replace(here.lander, pause=_pause))

    @contextmanager
    def known_lock(*arguments: Any) -> Iterator[float | None]:
        with lock(*arguments) as waited:
            reached("locked")
            yield waited

    def marked_land_position(*arguments: Any) -> Any:
        _step.routing = True
        try:
            return land_position(*arguments)
        finally:
            _step.routing = False

    planted: list[tuple[Any, str, Any]] = [
        (jobs.context, "build", paused_build),
        (jobs.landing, "conversation_lock", known_lock),
        (Lander, "land_position", marked_land_position),
    ]
    for owner, name, value in planted:
        setattr(owner, name, value)


def _pause(point: str) -> None:
    if point == "refetched" and (is_armed("lost") or random.random() < WINDOW_SHARE):
        time.sleep(random.uniform(0, WINDOW_SECONDS))
    reached(f"position {point}" if getattr(_step, "routing", False) and point != "lost" else point)


if __name__ == "__main__":
    plant()
    with getattr(faults, os.environ["CHAOS_FAULT"])() if os.environ.get("CHAOS_FAULT") else nullcontext():
        main(found_servers(Settings.from_environment(os.environ)))
