"""A turn as a worker begins it, for tests of what comes after."""

from __future__ import annotations

from sqlalchemy import Connection

from jobs import claim, snapshot
from jobs.values import Work


def begun(connection: Connection, turn_id: int | None) -> Work:
    """The turn, claimed, with what it knows."""
    assert turn_id is not None
    claimed = claim.claim(connection, turn_id, lease_seconds=30, max_attempts=3)
    assert claimed is not None
    work = snapshot.read(connection, claimed)
    assert work is not None
    return work
