"""A landing against its floor: the whole landing as one SQL statement, without lock, re-fetch or Python around it.

Owns the floor and the other ways that people land. They are here only; the product has one path.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from itertools import islice
from typing import Any
from unittest.mock import patch

import psycopg
from sqlalchemy import Engine, text

from inbox.database import connect, numbered
from inbox.redis import redis_client
from jobs import binding, landing, lock
from jobs.decide import decide
from jobs.landing import Lander
from jobs.values import Basis, Claimed, Fresh, Policy
from responder.outcome import Position, Reply
from tests.benchmarks import whole_object
from tests.benchmarks.measuring import WARM, Operation, Timed, by_processor, in_turns, many_clients, one_client
from tests.benchmarks.stage import Stage
from tests.benchmarks.table import LEAST, Line, Table

REPLY = Reply("Your parcel left our warehouse this morning and reaches you on Tuesday.", Position("after", 1))

ADD = text(
    """
WITH v AS (
    INSERT INTO visitor (project_id, name) SELECT :project, 'Visitor' FROM generate_series(1, :rooms) RETURNING id),
c AS (
    INSERT INTO conversation (project_id, visitor_id, version) SELECT :project, id, 1 FROM v RETURNING id),
m AS (
    INSERT INTO message (project_id, conversation_id, author, content)
    SELECT :project, id, 'visitor', 'Where is my order?' FROM c RETURNING id, conversation_id)
SELECT conversation_id, id FROM m
"""
)
# A hot conversation has a queue of thinking turns, which the product's index of live turns would forbid.
TURNS = text(
    """
INSERT INTO turn (project_id, conversation_id, status, attempt, claimed_at, lease_until, answers)
SELECT :project, c, 'thinking', 1, clock_timestamp(), clock_timestamp() + interval '1 hour', ARRAY[CAST(m AS bigint)]
FROM unnest(CAST(:conversations AS bigint[]), CAST(:messages AS bigint[])) AS listed (c, m)
RETURNING id, attempt, project_id, conversation_id, claimed_at, answers
"""
)


class Work:
    """Turns that have thought, ready to land; each is landed once."""

    def __init__(self, stage: Stage, turns: int, conversations: int | None = None) -> None:
        with stage.engine.begin() as connection:
            rooms = connection.execute(ADD, {"project": stage.project_id, "rooms": conversations or turns}).all()
            listed = [rooms[n % len(rooms)] for n in range(turns)]
            parameters = {
                "project": stage.project_id,
                "conversations": [room.conversation_id for room in listed],
                "messages": [room.id for room in listed],
            }
            made = connection.execute(TURNS, parameters).all()
        self.claimed = [
            Claimed(t.id, t.attempt, t.project_id, t.conversation_id, t.claimed_at, tuple(t.answers)) for t in made
        ]


BASIS = Basis(1, 0, None)


LOST = multiprocessing.Value("i", 0)  # tries that met another write, of all clients together


def _note(point: str) -> None:
    if point == "lost":
        with LOST.get_lock():
            LOST.value += 1


def tandem(url: str, redis_url: str, claimed: list[Claimed]) -> Iterator[Operation]:
    """As the worker does it."""
    lander = Lander(connect(url, pool_size=2), redis_client(redis_url), _note)
    for one in claimed:
        yield partial(lander.land, one, BASIS, REPLY)


def without_lock(url: str, claimed: list[Claimed]) -> Iterator[Operation]:
    """As the worker does it when Redis is away."""
    landing.MAX_TRIES = 10_000  # the product gives the turn back after fifty, which would be no landing at all
    lander = Lander(connect(url, pool_size=2), None, _note)
    for one in claimed:
        yield partial(lander.land, one, BASIS, REPLY)


def slow_lock(url: str, redis_url: str, claimed: list[Claimed]) -> Iterator[Operation]:
    """With redis-py's Lock as it comes: a loser sleeps for a tenth of a second."""
    lock.LOCK_SLEEP_SECONDS, lock.LOCK_WAIT_SECONDS = 0.1, 60.0
    yield from tandem(url, redis_url, claimed)


def floor(url: str, claimed: list[Claimed]) -> Iterator[Operation]:
    """The landing's own statement, prepared."""
    compiled, names, parameters = floor_statement(claimed[0])
    connection = psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), autocommit=True)
    connection.prepare_threshold = 0
    for one in claimed:
        values = parameters | {"conversation": one.conversation_id, "turn": one.turn_id}
        yield partial(_execute, connection, compiled, [values[name] for name in names])


def floor_statement(one: Claimed) -> tuple[bytes, list[str], dict[str, Any]]:
    """The landing's statement, whatever the version is; the names of its places, and their values for this turn."""
    statement, parameters = _bound(one)
    sql = statement.text.replace("AND version = :version", "")
    assert sql != statement.text
    return *numbered(sql), parameters


def _execute(connection: psycopg.Connection[Any], sql: bytes, values: list[Any]) -> None:
    with psycopg.RawCursor(connection) as cursor:
        cursor.execute(sql, values, prepare=True).fetchone()


def held(redis_url: str, operations: Iterator[Operation], *, locked: bool, times: int) -> Timed:
    """For how long each operation holds the conversation's lock: its own, or (`locked`) one that is put around it."""
    seconds: list[float] = []
    honest, redis = lock.conversation_lock, redis_client(redis_url)

    @contextmanager
    def timed(redis: Any, conversation_id: int) -> Iterator[float | None]:
        with honest(redis, conversation_id) as waited_ms:
            started = time.perf_counter()
            yield waited_ms
            seconds.append(time.perf_counter() - started)

    with patch.object(landing, "conversation_lock", timed):
        for operation in islice(operations, times):
            with timed(redis, 0) if locked else nullcontext():
                operation()
    return Timed(tuple(seconds), len(seconds) / sum(seconds))


def orm(engine: Engine, claimed: list[Claimed]) -> Iterator[Operation]:
    """The whole conversation loaded, changed in memory and saved, as most systems do."""
    save = whole_object.saver(engine)
    for one in claimed:
        yield partial(save, one, REPLY.content)


def _bound(one: Claimed) -> tuple[Any, dict[str, Any]]:
    fresh = Fresh(
        1, 0, "open", "active", None, one.answers[-1], "thinking", 1, (), Policy(True, "post"), one.claimed_at
    )
    decision = decide(one, BASIS, fresh, REPLY)
    return binding.bind(one, BASIS, fresh, REPLY, decision, None)  # type: ignore[arg-type]


def run(stage: Stage, table: Table, *, full: bool) -> None:
    """One client, eight clients, one hot conversation."""
    times, rounds = (400, 5) if full else (100, 2)
    each = times * (2 * rounds + 3)

    def supply(way: Any, *arguments: Any) -> Iterator[Operation]:
        return iter(way(*arguments, Work(stage, each + 10).claimed))

    one = {
        "floor": supply(floor, stage.url),
        "tandem": supply(tandem, stage.url, stage.redis_url),
        "whole object": supply(orm, stage.engine),
    }
    found = in_turns({name: partial(one_client, way, times) for name, way in one.items()}, rounds)
    _add(table, "one landing, 1 client, p50", found["floor"], found["tandem"], 2.0)
    spent = by_processor({name: one[name] for name in ("floor", "tandem")}, times)
    _add(table, "… time of processors, the client's and the servers'", spent["floor"], spent["tandem"], None)
    found_held = in_turns(
        {
            "floor": partial(held, stage.redis_url, one["floor"], locked=True, times=times),
            "tandem": partial(held, stage.redis_url, one["tandem"], locked=False, times=times),
        },
        rounds,
    )
    _add(table, "… its lock held / the statement under the same lock", found_held["floor"], found_held["tandem"], 1.5)
    _add(table, "whole-object ORM save, 1 client, p50", found["floor"], found["whole object"], None)

    def eight(way: Any, *arguments: Any, rooms: int | None = None, times: int = times) -> Timed:
        shares = [Work(stage, times + 5, rooms).claimed for _ in range(8)] if rooms is None else _hot(stage, times + 5)
        return many_clients(8, times, lambda number: iter(way(*arguments, shares[number])))

    found = in_turns(
        {
            "floor": partial(eight, floor, stage.url),
            "tandem": partial(eight, tandem, stage.url, stage.redis_url),
        },
        rounds,
    )
    _add(table, "one landing, 8 clients, p50", found["floor"], found["tandem"], 2.0)
    few, rounds = (times // 4, rounds) if full else (30, 1)  # each round starts 32 clients
    stage.allow_many_live_turns()
    lost: dict[str, int] = {}

    def tries(name: str, *arguments: Any) -> Timed:
        before = LOST.value
        timed = eight(*arguments, rooms=1, times=few)
        lost[name] = lost.get(name, 0) + LOST.value - before
        return timed

    found = in_turns(
        {
            "floor": partial(eight, floor, stage.url, rooms=1, times=few),
            "tandem": partial(tries, "tandem", tandem, stage.url, stage.redis_url),
            "no lock": partial(tries, "no lock", without_lock, stage.url),
            "slow lock": partial(eight, slow_lock, stage.url, stage.redis_url, rooms=1, times=few),
        },
        rounds,
    )
    rates = {name: timed.rate for name, timed in found.items()}
    table.add(Line("8 clients on one hot conversation", rates["floor"], rates["tandem"], "1/s", 0.5, LEAST, "floor"))
    table.add(Line("… without the Redis lock", rates["floor"], rates["no lock"], "1/s", against="floor"))
    landings = 8 * (few + WARM) * (rounds + 1)
    for name, shown in (("tandem", "with the lock"), ("no lock", "without the lock")):
        table.add(Line(f"… tries lost, {shown}", landings, lost[name], "", against="landings"))
    table.add(Line("… with redis-py's default sleep", rates["floor"], rates["slow lock"], "1/s", against="floor"))
    p99 = {name: timed.percentile(99) for name, timed in found.items()}
    table.add(Line("… p99 with redis-py's default sleep", p99["tandem"], p99["slow lock"], "ms", against="Tandem"))


def _hot(stage: Stage, times: int) -> list[list[Claimed]]:
    made = Work(stage, times * 8, 1).claimed
    return [made[number::8] for number in range(8)]


def _add(table: Table, work: str, baseline: Timed, ours: Timed, goal: float | None) -> None:
    table.add(Line(work, baseline.p50_ms, ours.p50_ms, "ms", goal, against="one SQL statement"))
