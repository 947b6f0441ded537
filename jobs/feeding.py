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
# What is told is what the log says at this moment: who takes a message's words out of the log, or erases a visitor,
# does so before, and nothing is written here of what was read (`writer` is the transaction that wrote a change last);
# or waits, and finds the delivery. Nobody is waited for, so there is no deadlock: the next look reads anew.
# tests/integration/test_removing.py::test_removed_while_a_webhook_is_fed
FEED = text(
    """
WITH told AS (
    SELECT * FROM unnest(CAST(:positions AS bigint[]), CAST(:writers AS text[]), CAST(:events AS text[]),
        CAST(:kinds AS text[]), CAST(:bodies AS text[]))
    WITH ORDINALITY AS told (position, writer, event_id, kind, body, place)),
same AS MATERIALIZED (
    SELECT ch.position, ch.version, c.id AS conversation_id
    FROM (SELECT DISTINCT position, writer FROM told) AS seen
    JOIN change ch ON ch.position = seen.position AND CAST(ch.xmin AS text) = seen.writer
    JOIN conversation c ON c.id = ch.conversation_id
    WHERE ch.project_id = :project AND ch.position > :seen AND ch.position <= :position
    FOR KEY SHARE OF c SKIP LOCKED FOR SHARE OF ch SKIP LOCKED),
w AS (
    UPDATE webhook SET position = :position WHERE id = :webhook AND enabled AND position = :seen
        AND (SELECT count(*) FROM same) = (SELECT count(DISTINCT position) FROM told)
    RETURNING id, project_id),
written AS (
    INSERT INTO webhook_delivery (webhook_id, project_id, conversation_id, version, event_id, kind, body)
    SELECT w.id, w.project_id, same.conversation_id, same.version, told.event_id, told.kind, told.body
    FROM w, told JOIN same USING (position)
    ORDER BY told.place)
SELECT EXISTS (SELECT 1 FROM w)
"""
)


@dataclass(frozen=True)
class Told:
    """One event as it is sent. Its id says where in the log it stands, and is the same at every attempt."""

    position: int
    writer: str
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
        parameters = parameters_of(webhook_id, hook, changes[-1]["position"], told)
        fed = connection.execute(FEED, parameters).scalar_one()
    return bool(fed) and len(changes) == BATCH


def told_of(change: Mapping[Any, Any]) -> Iterator[Told]:
    """The events of one change; none where the conversation is gone, and its visitor with it."""
    if change["visitor"] is None:
        return
    for index, (kind, data, _) in enumerate(events_of(change)):
        what = {name: value for name, value in data.items() if name not in {"type", "at"}}
        told = {"type": kind, "timestamp": data["at"], "data": {"project_id": change["project_id"], **what}}
        body = json.dumps(told, ensure_ascii=False)
        event_id = f"evt_{change['position']}_{index}"
        yield Told(change["position"], change["writer"], event_id, kind, body)


def parameters_of(webhook_id: int, hook: Any, position: int, told: list[Told]) -> dict[str, Any]:
    """Those of FEED: what is told up to this position to the webhook that was read so."""
    return {
        "webhook": webhook_id,
        "project": hook.project_id,
        "seen": hook.position,
        "position": position,
        "positions": [one.position for one in told],
        "writers": [one.writer for one in told],
        "events": [one.event_id for one in told],
        "kinds": [one.kind for one in told],
        "bodies": [one.body for one in told],
    }
