"""A stepper: real threads on real PostgreSQL, one of them moving at a time, through every schedule there is.

Owns the scheduling. Actors call `step(name)` where they may be held; between two steps each runs alone, unless it waits
for a lock, which the stepper sees in pg_locks (or, for the Redis lock, by another actor being inside), and then
lets the others go on. Nothing is left to timing: an actor has stopped, or waits for a lock, or is waited for.

The search is stateless model checking by replay (P. Godefroid, "Model Checking for Programming Languages using
VeriSoft", 1997): a schedule is the list of choices made; the next one changes the last choice that had alternatives.
Preemption bounding is from M. Musuvathi and S. Qadeer (2007).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, text

SILENT_SECONDS = 0.004  # an actor that has not come to its next step by then is looked for in pg_locks
INSIDE = frozenset({"refetched", "lost", "written"})  # steps of a landing that holds the Redis lock
TRIES = 5
LIMIT_SECONDS = 30.0
# Whoever gives a lock to another does it before its own answer: what this says is true of the step that has just ended.
BLOCKED = text(
    "SELECT 1 FROM pg_locks WHERE NOT granted"
    " AND pid IN (SELECT pid FROM pg_stat_activity WHERE application_name = :name)"
)

Step = Callable[[str], None]
Body = Callable[[Step], Any]


class Actor:
    """A thread that moves only when it is let."""

    def __init__(self, name: str, body: Body, *, shares_door: bool = False) -> None:
        self.name = name
        self.shares_door = shares_door
        self.at = "start"
        self.done = False
        self.error: BaseException | None = None
        self.trace: list[str] = []
        self._body = body
        self._may_go = threading.Semaphore(0)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._may_go.acquire()
            self._body(self._step)
        except BaseException as error:
            self.error = error
        self.done = True
        self._stopped.set()

    def _step(self, name: str) -> None:
        self.at = name
        self.trace.append(name)
        self._stopped.set()
        self._may_go.acquire()

    def go(self) -> None:
        """Let it run to its next step."""
        self._stopped.clear()
        self._may_go.release()

    def has_stopped(self, seconds: float) -> bool:
        """Whether it has come to its next step, or to its end, within so long."""
        return self._stopped.wait(seconds)


@dataclass
class Schedule:
    """One run: the choices made, and what else could have been chosen at each."""

    choices: list[int] = field(default_factory=list)
    options: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    strayed: bool = False

    def __str__(self) -> str:
        return " ".join(self.names)


def explore(
    watcher: Engine,
    actors: Callable[[], Sequence[tuple[str, Body]]],
    *,
    preemptions: int | None = None,
    shares_door: frozenset[str] = frozenset(),
) -> Iterator[Schedule]:
    """Run every schedule of the actors; yields each after its run, so that the caller can check what came of it.

    `actors` prepares a fresh world and returns (name, body) of each actor; the name is also the application_name of
    its connection. `preemptions` bounds how often an actor that could go on is left for another. `shares_door` names
    the actors that take the same Redis lock.
    """
    prefix: list[int] | None = []
    strayed = 0
    while prefix is not None:
        schedule = _run(
            watcher,
            [Actor(name, body, shares_door=name in shares_door) for name, body in actors()],
            prefix,
            preemptions,
        )
        yield schedule
        strayed = strayed + 1 if schedule.strayed else 0
        if strayed > TRIES:
            raise RuntimeError(f"{prefix} did not come again in {TRIES} tries, last came {schedule}")
        prefix = prefix if strayed else _next(schedule)


def _next(schedule: Schedule) -> list[int] | None:
    choices, options = list(schedule.choices), schedule.options
    while choices:
        if choices[-1] + 1 < options[len(choices) - 1]:
            return [*choices[:-1], choices[-1] + 1]
        choices.pop()
    return None


def _run(watcher: Engine, actors: list[Actor], prefix: list[int], preemptions: int | None) -> Schedule:
    schedule = Schedule()
    waiting: list[Actor] = []
    last: Actor | None = None
    used = 0
    until = time.monotonic() + LIMIT_SECONDS
    while True:
        _collect(watcher, waiting, actors)
        ready = [actor for actor in actors if not actor.done and actor not in waiting]
        if not ready:
            if not waiting:
                break
            if time.monotonic() > until:
                raise TimeoutError(f"every actor waits: {[(actor.name, actor.at) for actor in waiting]}, {schedule}")
            waiting[0].has_stopped(SILENT_SECONDS)
            continue
        if last in ready and preemptions is not None and used >= preemptions:
            ready = [last]
        if last in ready:  # going on is the first choice, so that the first schedule has no preemption
            ready = [last, *(actor for actor in ready if actor is not last)]
        number = len(schedule.choices)
        choice = prefix[number] if number < len(prefix) else 0
        if choice >= len(ready):  # a lock that PostgreSQL takes for itself made somebody wait in one of the two runs
            schedule.strayed, choice = True, 0
        actor = ready[choice]
        used += int(last in ready and actor is not last)
        schedule.choices.append(choice)
        schedule.options.append(len(ready))
        schedule.names.append(f"{actor.name}:{actor.at}")
        _let_go(watcher, actor, waiting, actors)
        last = actor
    for actor in actors:
        if actor.error is not None:
            raise AssertionError(f"{actor.name} failed in schedule {schedule}") from actor.error
    return schedule


def _let_go(watcher: Engine, actor: Actor, waiting: list[Actor], others: list[Actor]) -> None:
    actor.go()
    until = time.monotonic() + LIMIT_SECONDS
    while not actor.has_stopped(SILENT_SECONDS):
        if _is_blocked(watcher, actor, others):
            waiting.append(actor)
            return
        if time.monotonic() > until:
            raise TimeoutError(f"{actor.name} neither stops nor waits for a lock after {actor.at}")


def _collect(watcher: Engine, waiting: list[Actor], actors: list[Actor]) -> None:
    """Those whose lock was given to them meanwhile are ready again; the others still wait for theirs."""
    for actor in list(waiting):
        while not _is_blocked(watcher, actor, actors):
            if actor.has_stopped(SILENT_SECONDS):
                waiting.remove(actor)
                break


def _is_blocked(watcher: Engine, actor: Actor, actors: list[Actor]) -> bool:
    """Whether the actor waits for a lock that another one holds."""
    if actor.shares_door and actor.at == "door":
        return any(one is not actor and one.shares_door and one.at in INSIDE and not one.done for one in actors)
    with watcher.connect() as connection:
        return connection.execute(BLOCKED, {"name": actor.name}).first() is not None
