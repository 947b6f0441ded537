"""From the change log to a webhook's deliveries: every event that it wants, in commit order, once.

Owns the feed and its position. A change is written in the statement that it reports (inbox/change.py), so no act can
forget to tell: what was committed is fed, and what was rolled back never is. Must not send.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, text

from inbox.database import single_statements
from inbox.events import AFTER, events_of, place

BATCH = 200  # changes in one statement; each may be several events

READ = text("SELECT project_id, position, events FROM webhook WHERE id = :webhook AND enabled")
CHANGES = text(AFTER.format(more="AND ch.project_id = :project"))
# The position is the guard: of two feeds that read the same changes one writes them, and the other nothing.
# tests/integration/test_delivering.py::test_two_feeds_at_once
FEED = text(
    """
WITH w AS (
    UPDATE webhook SET position = :position WHERE id = :webhook AND enabled AND position = :seen
    RETURNING id, project_id)
INSERT INTO webhook_delivery (webhook_id, project_id, conversation_id, version, event_id, kind, body)
SELECT w.id, w.project_id, c.id, told.version, told.event_id, told.kind, told.body
FROM w, unnest(CAST(:conversations AS bigint[]), CAST(:versions AS bigint[]), CAST(:events AS text[]),
        CAST(:kinds AS text[]), CAST(:bodies AS text[]))
    WITH ORDINALITY AS told (conversation_id, version, event_id, kind, body, place)
JOIN conversation c ON c.id = told.conversation_id
ORDER BY told.place
"""
)


@dataclass(frozen=True)
class Told:
    """One event as it is sent. Its id says where in the log it stands, and is the same at every attempt."""

    conversation_id: int
    version: int
    event_id: str
    kind: str
    body: str


def feed(engine: Engine, webhook_id: int) -> None:
    """Write a delivery for every event since the webhook's position, and move the position behind them."""
    place(engine)
    while _feed_some(engine, webhook_id):
        pass


def _feed_some(engine: Engine, webhook_id: int) -> bool:
    """One batch; whether there may be more."""
    with single_statements(engine).connect() as connection:
        hook = connection.execute(READ, {"webhook": webhook_id}).one_or_none()
        if hook is None:
            return False
        asked = {"after": hook.position, "project": hook.project_id, "limit": BATCH}
        changes = connection.execute(CHANGES, asked).mappings().all()
        if not changes:
            return False
        told = [one for change in changes for one in told_of(change) if one.kind in hook.events]
        connection.execute(FEED, _parameters(webhook_id, hook.position, changes[-1]["position"], told))
    return len(changes) == BATCH


def told_of(change: Mapping[Any, Any]) -> Iterator[Told]:
    """The events of one change."""
    for index, (kind, data, _) in enumerate(events_of(change)):
        what = {name: value for name, value in data.items() if name not in {"type", "at"}}
        told = {"type": kind, "timestamp": data["at"], "data": {"project_id": change["project_id"], **what}}
        body = json.dumps(told, ensure_ascii=False)
        event_id = f"evt_{change['position']}_{index}"
        yield Told(change["conversation_id"], change["version"], event_id, kind, body)


def _parameters(webhook_id: int, seen: int, position: int, told: list[Told]) -> dict[str, Any]:
    return {
        "webhook": webhook_id,
        "seen": seen,
        "position": position,
        "conversations": [one.conversation_id for one in told],
        "versions": [one.version for one in told],
        "events": [one.event_id for one in told],
        "kinds": [one.kind for one in told],
        "bodies": [one.body for one in told],
    }
