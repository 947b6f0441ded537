"""Planted faults: each takes one guard of the protocol out, so that a test can show that it would notice.

Owns the switches. Each is a context manager; outside of it the product is as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, text

from inbox.database import single_statements
from jobs import claim, decide, landing, landing_sql, snapshot
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
    """The lease's end is compared with a clock that is an hour ahead."""
    ahead = claim.CLAIM.text.replace(
        "turn.lease_until < clock_timestamp()", "turn.lease_until < clock_timestamp() + interval '1 hour'"
    )
    return _replaced(claim, "CLAIM", text(ahead))


def _json(value: Any) -> str:
    return json.dumps(value)
