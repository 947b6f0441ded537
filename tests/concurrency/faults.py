"""Planted faults: each takes one guard of the protocol out, so that a test can show that it would notice.

Owns the switches. Each is a context manager; outside of it the product is as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine, text

from inbox import database
from inbox.database import single_statements
from inbox.services import Services, Writing
from jobs import claim, decide, landing, landing_sql, lock, snapshot
from jobs.landing import Lander

Fault = Callable[[], Any]
STATEMENTS = (landing_sql.post, landing_sql.park, landing_sql.drop, landing_sql.move)


@contextmanager
def _replaced(owner: object, name: str, value: object) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(owner, name, value)
        for statement in STATEMENTS:
            statement.cache_clear()
        yield
    for statement in STATEMENTS:
        statement.cache_clear()


def no_version_check() -> Any:
    """The landing counts although somebody wrote since the re-fetch."""
    door = landing_sql.DOOR.replace("version = :version", "version >= :version")
    assert door != landing_sql.DOOR
    return _replaced(landing_sql, "DOOR", door)


@contextmanager
def no_unique(engine: Engine) -> Iterator[None]:
    """The database takes a second reply of a turn. For a test's own database: the constraint is gone for good."""
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE message DROP CONSTRAINT message_turn_id_step_key"))
    yield


@contextmanager
def no_fence() -> Iterator[None]:
    """A landing does not ask whether the turn is still its own."""
    door = landing_sql.DOOR.replace("turn.attempt = :attempt AND turn.status = 'thinking'", "turn.attempt >= :attempt")
    assert door != landing_sql.DOOR
    with (
        _replaced(landing_sql, "DOOR", door),
        _replaced(landing, "is_ours", lambda *_: True),
        _replaced(decide, "is_ours", lambda *_: True),
    ):
        yield


@contextmanager
def epoch_ignored() -> Iterator[None]:
    """The re-fetch does not look at what people did."""
    refetch = text(landing_sql.REFETCH.text.replace("c.epoch <> :epoch", "c.epoch < :epoch"))
    with _replaced(landing_sql, "REFETCH", refetch):
        yield


@contextmanager
def row_count_unchecked() -> Iterator[None]:
    """A statement of the landing that wrote nothing is taken for one that wrote."""
    honest = database.fetch_one

    def hopeful(connection: Any, statement: Any, parameters: Any) -> Any:
        row = honest(connection, statement, parameters)
        if row is None and statement is not landing_sql.REFETCH:
            return SimpleNamespace(version=parameters["version"], message_id=None, next_turn=None, window_ms=0.0)
        return row

    with _replaced(landing, "fetch_one", hopeful):
        yield


@contextmanager
def cached_reread() -> Iterator[None]:
    """The re-fetch answers what the turn read the first time, under the newest version."""
    honest = landing.refetch
    first: dict[int, Any] = {}

    def cached(connection: Any, claimed: Any, basis: Any) -> Any:
        fresh = honest(connection, claimed, basis)
        if fresh is None:
            return None
        return replace(first.setdefault(claimed.turn_id, fresh), version=fresh.version)

    with _replaced(landing, "refetch", cached):
        yield


@contextmanager
def release_before_commit() -> Iterator[None]:
    """The lock is given back before the statement is sent."""
    honest = lock.conversation_lock

    @contextmanager
    def hasty(redis: Any, conversation_id: int) -> Iterator[float | None]:
        with honest(redis, conversation_id) as waited:
            pass
        yield waited

    with _replaced(landing, "conversation_lock", hasty):
        yield


@contextmanager
def enqueue_before_commit() -> Iterator[None]:
    """A turn is in the queue while its row is still uncommitted."""
    honest = Services.transaction

    @contextmanager
    def eager(self: Services) -> Iterator[Writing]:
        with honest(self) as writing:
            yield writing
            self.turn_queue.announce(writing.turns)
            writing.turns.clear()

    with _replaced(Services, "transaction", eager):
        yield


@contextmanager
def published_before_commit() -> Iterator[None]:
    """Readers are woken while there is nothing new to read."""
    honest = Services.transaction

    @contextmanager
    def eager(self: Services) -> Iterator[Writing]:
        with honest(self) as writing:
            yield writing
            self.turn_queue.announce([])

    with _replaced(Services, "transaction", eager):
        yield


def metadata_replaced() -> Any:
    """Metadata is written over instead of merged."""
    merge = "metadata = jsonb_build_object('workflowState', CAST(:state AS jsonb))"
    return _replaced(landing_sql, "MERGE", merge)


@contextmanager
def whole_object_save() -> Iterator[None]:
    """The landing saves the conversation as it was read before the model was called: the founding bug."""
    read: dict[int, Any] = {}
    honest_read, honest_land = snapshot.read, Lander.land

    def reading(connection: Any, claimed: Any) -> Any:
        row = connection.execute(text("SELECT * FROM conversation WHERE id = :id"), {"id": claimed.conversation_id})
        read[claimed.turn_id] = row.mappings().one()
        return honest_read(connection, claimed)

    def landing_all(self: Lander, claimed: Any, basis: Any, outcome: Any) -> Any:
        landed = honest_land(self, claimed, basis, outcome)
        with single_statements(self.engine).connect() as connection:
            stale = dict(read[claimed.turn_id])
            columns = ("status", "assignee_id", "priority", "labels")
            sets = ", ".join(f"{name} = :{name}" for name in columns)
            values = {name: stale[name] for name in columns} | {"id": stale["id"]}
            connection.execute(
                text(
                    f"UPDATE conversation SET {sets}, custom_attributes = CAST(:custom AS jsonb), "
                    "metadata = CAST(:meta AS jsonb) WHERE id = :id"
                ),
                values | {"custom": _json(stale["custom_attributes"]), "meta": _json(stale["metadata"])},
            )
        return landed

    with _replaced(snapshot, "read", reading), _replaced(Lander, "land", landing_all):
        yield


def lease_on_the_process_clock() -> Any:
    """The lease's end is compared with the clock of a process, which is an hour ahead."""
    clock = f"CAST('{datetime.now(UTC) + timedelta(hours=1)}' AS timestamptz)"
    ahead = claim.CLAIM.text.replace("turn.lease_until < clock_timestamp()", f"turn.lease_until < {clock}")
    assert ahead != claim.CLAIM.text
    return _replaced(claim, "CLAIM", text(ahead))


def _json(value: Any) -> str:
    return json.dumps(value)
