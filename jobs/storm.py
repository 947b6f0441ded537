"""The storm of the race lab: conversations whose turns think, agents who act meanwhile, and the count of what was lost.

Owns what both writers go through; what a writer is, jobs/race.py says, and where it happens, jobs/race_field.py.
A turn's thinking is a wait. Lost updates are counted as anybody would: what a person was told is set, and is not set at
the end.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from sqlalchemy import text

from inbox import acts
from inbox.access import Agent
from inbox.conversation import PRIORITIES
from inbox.database import single_statements
from inbox.race_lab import Race, Side, Story
from inbox.receiving import Coming, Said, receive
from inbox.representation import moment
from inbox.visiting import start_session
from jobs import claim, snapshot
from jobs.race_field import Field, Told
from jobs.values import Claimed, Work

EXAMPLES = 5
ACT_SECONDS = 0.02  # between two acts of one agent: a busy afternoon in fast motion
MOST_THREADS = 256
WATCHED = ("status", "assignee_id", "priority")
STATUSES = ("open", "pending", "snoozed")

WHOLE = text("SELECT * FROM conversation WHERE id = :id")


@dataclass(frozen=True)
class Wrote:
    """What writing came to. `window_ms` is the time between what the writer read last and its write."""

    window_ms: float
    version: int | None = None
    again: int = 0


class Writer(Protocol):
    """One of the two. `read` is called before the thinking, `write` after it."""

    def read(self, work: Work) -> Any:
        """What the writer holds on to while it thinks."""

    def write(self, work: Work, read: Any) -> Wrote:
        """Post the reply."""


def storm(where: Field, race: Race, side: Side, writer: Writer) -> None:
    """Let the writer reply in each conversation while agents act there, counted in `side`; returns once all is done."""
    chance = random.Random(race.seed)
    waits = [chance.uniform(*race.think) for _ in range(race.conversations)]
    side.marks = ["w"] * race.conversations
    over = threading.Event()
    with (
        ThreadPoolExecutor(min(race.conversations, MOST_THREADS)) as turns,
        ThreadPoolExecutor(max(1, race.agents)) as people,
    ):
        acting = [people.submit(_act, where, side, agent, race.seed + n, over) for n, agent in enumerate(where.agents)]
        thinking = [
            turns.submit(_turn, where, race.stop, side, writer, place, wait) for place, wait in enumerate(waits)
        ]
        try:
            for one in thinking:
                one.result()
        finally:
            over.set()
        for one in acting:
            one.result()


def _turn(where: Field, stop: threading.Event, side: Side, writer: Writer, place: int, wait: float) -> None:
    """One conversation: a visitor writes, the turn is claimed, waits like a model, is written; then it is checked."""
    if stop.is_set():
        return
    work = _claim(where)
    conversation_id = work.claimed.conversation_id
    began = time.monotonic()
    read = writer.read(work)
    with where.guard:
        where.thinking.add(conversation_id)
        side.marks[place] = "t"
    stopped = stop.wait(wait)
    with where.guard:  # nobody begins an act from here on; those begun are finished below
        where.thinking.discard(conversation_id)
        if stopped:
            side.marks[place] = "w"
            return
    wrote = writer.write(work, read)
    ended = time.monotonic()
    with where.guard:
        side.turns += 1
        side.again += wrote.again
        side.windows_ms.append(wrote.window_ms)
    _check(where, side, place, _Ended(conversation_id, began, ended, wrote))


@dataclass(frozen=True)
class _Ended:
    conversation_id: int
    began: float
    ended: float
    wrote: Wrote


def _claim(where: Field) -> Work:
    with single_statements(where.engine).connect() as connection:
        key = connection.execute(text("SELECT key FROM project WHERE id = :id"), {"id": where.project_id}).scalar_one()
        session = start_session(connection, key=key, visitor={"name": "A visitor"})
        received = receive(connection, Coming(session.token, Said("Where is my parcel?")), lambda _visit: False)
        assert received.turn_id is not None
        claimed: Claimed | None = claim.claim(connection, received.turn_id, lease_seconds=600, max_attempts=3)
        assert claimed is not None, "nobody else knows of this turn yet"
        work = snapshot.read(connection, claimed)
    assert work is not None
    return work


def _act(where: Field, side: Side, agent: Agent, seed: int, over: threading.Event) -> None:
    chance = random.Random(seed)
    while not over.wait(ACT_SECONDS * chance.uniform(0.5, 1.5)):
        change: Mapping[str, Any] = chance.choice(
            [
                {"status": chance.choice(STATUSES)},
                {"assignee_id": chance.choice(where.agents).id},
                {"priority": chance.choice(PRIORITIES)},
            ]
        )
        with where.guard:
            conversation_id = chance.choice(sorted(where.thinking)) if where.thinking else None
        if conversation_id is not None:
            _acknowledge(where, side, agent, conversation_id, change)


def _acknowledge(where: Field, side: Side, agent: Agent, conversation_id: int, change: Mapping[str, Any]) -> None:
    with single_statements(where.engine).connect() as connection:
        row = acts.patch(connection, agent, conversation_id, change).row
    with where.guard:
        side.acts += 1
        for column in change:
            known = where.told.get((conversation_id, column))
            if known is None or known.version < row["version"]:
                at = moment(datetime.now(UTC))
                told = Told(row["version"], row[column], agent.name, at, time.monotonic())
                where.told[conversation_id, column] = told


def _check(where: Field, side: Side, place: int, turn: _Ended) -> None:
    """Compare what people were told with what is there, once their last acts have been answered."""
    time.sleep(ACT_SECONDS * 3)
    with single_statements(where.engine).connect() as connection:
        row = connection.execute(WHOLE, {"id": turn.conversation_id}).mappings().one()
    with where.guard:
        known = {name: where.told.get((turn.conversation_id, name)) for name in WATCHED}
        told = {name: one for name, one in known.items() if one is not None}
        lost = {name: one for name, one in told.items() if row[name] != one.value}
        for name, one in lost.items():
            if len(side.examples) < EXAMPLES:
                facts = {"field": name, "set_to": one.value, "by": one.by, "at": one.at, "found": row[name]}
                side.examples.append({"conversation_id": turn.conversation_id} | facts)
        side.lost += len(lost)
        side.held += len(told) - len(lost)
        side.marks[place] = "l" if lost else "k"
        _tell(where, side, turn, row, lost or told)


def _tell(where: Field, side: Side, turn: _Ended, row: Mapping[Any, Any], acts_of: Mapping[str, Told]) -> None:
    """Keep the first conversation in which a person acted in mid-thought; a lost act before a kept one."""
    acted = [(name, one) for name, one in acts_of.items() if turn.began < one.clock < turn.ended]
    if not acted or (side.story is not None and not (side.lost and side.story.set_to == side.story.found)):
        return
    name, one = acted[-1]
    names = {agent.id: agent.name for agent in where.agents}
    set_to, found = (str(names.get(value, value or "nobody")) for value in (one.value, row[name]))
    side.story = Story(
        conversation_id=turn.conversation_id,
        by=one.by,
        set_to=set_to,
        found=found,
        acted_ms=round((one.clock - turn.began) * 1000),
        written_ms=round((turn.ended - turn.began) * 1000),
        window_ms=round(turn.wrote.window_ms, 1),
        version=turn.wrote.version,
    )
