"""What was sent to a webhook, and what came back: the log, and sending something once more.

Owns reading the log and what managers do with it. Must not send: a delivery that is made due is found by the workers.
The caller has checked whose webhook it is (inbox/webhooks.py).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, text

from inbox.access import Agent, require_manager
from inbox.audit import audit_cte
from inbox.conversation import LARGEST_ID
from inbox.errors import NotFound
from inbox.saying import later
from inbox.webhooks import TEST_KIND

Row = Mapping[Any, Any]
FOR_MANAGERS = later("Only managers send to webhooks. Ask one of them.")
State = Literal["waiting", "delivered", "failed"]
STATES: tuple[State, ...] = ("waiting", "delivered", "failed")

LISTED = """
SELECT * FROM webhook_delivery WHERE webhook_id = :webhook AND id < :before{more} ORDER BY id DESC LIMIT :limit
"""
FIND = text("SELECT * FROM webhook_delivery WHERE id = :delivery AND webhook_id = :webhook AND project_id = :project")
# The same event under the same id: who received it already knows it again. Attempts count anew.
AGAIN = "state = 'waiting', due_at = clock_timestamp(), ended_at = NULL, attempt = attempt + 1, failures = 0"
# Who asks for an attempt does not wait for the end of a rest.
WAKE = """w AS (
    UPDATE webhook SET failures = 0, rests_until = NULL
    WHERE id = :webhook AND rests_until IS NOT NULL AND EXISTS (SELECT 1 FROM d))"""
URL = "(SELECT url FROM webhook WHERE id = :webhook)"
REPLAY = text(
    f"""
WITH d AS (
    UPDATE webhook_delivery SET {AGAIN}
    WHERE id = :delivery AND webhook_id = :webhook AND project_id = :project
      AND NOT (state = 'waiting' AND COALESCE(lease_until > clock_timestamp(), false))
    RETURNING *),
{WAKE},
{audit_cte("d", "'webhook_replayed'", subject=URL, data="jsonb_build_object('event', d.event_id)")}
SELECT * FROM d
"""
)
REPLAY_FAILED = text(
    f"""
WITH d AS (
    UPDATE webhook_delivery SET {AGAIN} WHERE webhook_id = :webhook AND project_id = :project AND state = 'failed'
    RETURNING id),
{WAKE},
{
        audit_cte(
            "(SELECT count(*) AS many FROM d HAVING count(*) > 0) AS sent",
            "'webhook_replayed'",
            subject=URL,
            data="jsonb_build_object('deliveries', sent.many)",
        )
    }
SELECT count(*) FROM d
"""
)
TEST = text(
    f"""
WITH d AS (
    INSERT INTO webhook_delivery (webhook_id, project_id, event_id, kind, body)
    SELECT id, project_id, :event, :kind, :body FROM webhook WHERE id = :webhook AND project_id = :project
    RETURNING *),
{WAKE},
{audit_cte("d", "'webhook_tested'", subject=URL)}
SELECT * FROM d
"""
)


def listed(
    connection: Connection,
    webhook_id: int,
    *,
    state: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[Row]:
    """Deliveries, newest first; only those in `state` where it is given."""
    parameters: dict[str, Any] = {"webhook": webhook_id, "before": before or LARGEST_ID, "limit": limit}
    more = ""
    if state is not None:
        more, parameters["state"] = " AND state = :state", state
    return list(connection.execute(text(LISTED.format(more=more)), parameters).mappings())


def find(connection: Connection, project_id: int, webhook_id: int, delivery_id: int) -> Row:
    """One delivery. Raises NotFound."""
    parameters = {"delivery": delivery_id, "webhook": webhook_id, "project": project_id}
    row = connection.execute(FIND, parameters).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def replay(connection: Connection, who: Agent, webhook_id: int, delivery_id: int) -> Row:
    """Send it once more, soon; one that is being sent this moment stays as it is. Raises NotFound and Forbidden."""
    require_manager(who, FOR_MANAGERS)
    parameters = {**who.asking, "delivery": delivery_id, "webhook": webhook_id}
    row = connection.execute(REPLAY, parameters).mappings().one_or_none()
    return row if row is not None else find(connection, who.project_id, webhook_id, delivery_id)


def replay_failed(connection: Connection, who: Agent, webhook_id: int) -> int:
    """Send everything once more that was given up; returns how many. Raises Forbidden unless they are a manager."""
    require_manager(who, FOR_MANAGERS)
    parameters = {**who.asking, "webhook": webhook_id}
    return int(connection.execute(REPLAY_FAILED, parameters).scalar_one())


def send_test(connection: Connection, who: Agent, webhook_id: int) -> Row:
    """Send an event that means nothing. Raises NotFound, and Forbidden unless they are a manager."""
    require_manager(who, FOR_MANAGERS)
    at = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
    words = {"project_id": who.project_id, "webhook_id": webhook_id, "sent_by": who.name}
    parameters = {
        **who.asking,
        "webhook": webhook_id,
        "event": f"test_{secrets.token_hex(12)}",
        "kind": TEST_KIND,
        "body": json.dumps({"type": TEST_KIND, "timestamp": at, "data": words}, ensure_ascii=False),
    }
    row = connection.execute(TEST, parameters).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row
