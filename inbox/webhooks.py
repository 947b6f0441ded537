"""The addresses that a project's events are sent to: what one is, and what managers do with it.

Owns the endpoints and their secrets. Must not send: that is the workers' (jobs/delivering.py); what was sent to one is
in inbox/deliveries.py. Every function is scoped by the asker's project: another project's endpoint is NotFound.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Collection, Mapping
from typing import Any, Literal, get_args

from sqlalchemy import Connection, text

from inbox import guarded, representation
from inbox.access import Agent, require_manager
from inbox.audit import audit_cte
from inbox.conversation import LARGEST_ID
from inbox.errors import Invalid, NotFound
from inbox.guarded import Kept
from inbox.saying import later

Row = Mapping[Any, Any]

# The events of the event stream, under the same names.
Kind = Literal[
    "message.created",
    "message.removed",
    "message.edited",
    "conversation.updated",
    "turn.updated",
    "draft.updated",
    "timeline.created",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
TEST_KIND = "webhook.test"
MOST_ENDPOINTS = 20  # of one project: each is fed with everything that happens in it
OVERLAP_HOURS = 24  # for which the secret before a rotation still signs, beside the new one
FOR_MANAGERS = later("Only managers change webhooks. Ask one of them.")
KEPT = Kept(
    "webhook",
    "url",
    {"url": "text", "description": "text", "events": "text[]", "enabled": "boolean"},
    representation.webhook,
    told=True,
)

LISTED = text("SELECT * FROM webhook WHERE project_id = :project AND id < :before ORDER BY id DESC LIMIT :limit")
SWITCHED_OFF = text(
    "SELECT EXISTS (SELECT 1 FROM webhook WHERE project_id = :project AND NOT enabled AND off_reason IS NOT NULL)"
)
FIND = text("SELECT * FROM webhook WHERE id = :webhook AND project_id = :project")
# What is committed from now on is told: the position is the stream's head.
CREATE = text(
    f"""
WITH w AS (
    INSERT INTO webhook (project_id, url, description, events, secret, position, changed_by)
    SELECT :project, :url, :description, CAST(:events AS text[]), :secret, h.position, :who_name FROM stream_head h
    WHERE (SELECT count(*) FROM webhook WHERE project_id = :project) < :most
    RETURNING *),
{audit_cte("w", "'webhook_created'", subject="w.url")}
SELECT * FROM w
"""
)
# Switched on again it goes on where it stood, as far back as the change log reaches.
SWITCHED = (
    ", off_reason = CASE WHEN old.enabled = CAST(:enabled AS boolean) THEN old.off_reason END, failing_since = NULL"
)
# What a manager changes may have made it well: it is asked again at once.
WOKEN = ", failures = 0, rests_until = NULL"

ROTATE = text(
    f"""
WITH w AS (
    UPDATE webhook SET version = version + 1, changed_by = :who_name, updated_at = clock_timestamp(), secret = :secret,
        previous_secret = webhook.secret, previous_until = clock_timestamp() + make_interval(hours => :overlap)
    WHERE id = :webhook AND project_id = :project
    RETURNING *),
{audit_cte("w", "'webhook_rotated'", subject="w.url")}
SELECT * FROM w
"""
)


def secret_of(seed: str, secret_key: str) -> str:
    """The signing secret that belongs to a seed, in the form of Standard Webhooks."""
    made = hmac.digest(secret_key.encode(), b"webhook secret of " + seed.encode(), "sha256")
    return "whsec_" + base64.b64encode(made).decode()


def listed(connection: Connection, project_id: int, *, before: int | None = None, limit: int = 50) -> list[Row]:
    """The project's endpoints, newest first."""
    parameters = {"project": project_id, "before": before or LARGEST_ID, "limit": limit}
    return list(connection.execute(LISTED, parameters).mappings())


def find(connection: Connection, project_id: int, webhook_id: int) -> Row:
    """One endpoint. Raises NotFound."""
    row = connection.execute(FIND, {"webhook": webhook_id, "project": project_id}).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def any_switched_off(connection: Connection, project_id: int) -> bool:
    """Whether one is off that nobody switched off."""
    return bool(connection.execute(SWITCHED_OFF, {"project": project_id}).scalar_one())


def create(connection: Connection, who: Agent, wanted: Mapping[str, Any], sealed: bytes) -> Row:
    """A new endpoint with `url`, `description` and `events`, told of everything from now on.

    `sealed` is its secret. Raises Forbidden unless they are a manager, and Invalid where the project has too many.
    """
    require_manager(who, FOR_MANAGERS)
    parameters = {**who.asking, "secret": sealed, "most": MOST_ENDPOINTS}
    row = connection.execute(CREATE, {**parameters, **wanted}).mappings().one_or_none()
    if row is None:
        raise Invalid(
            "A project has at most %(most)s webhooks. Delete one that nobody needs.",
            filled={"most": MOST_ENDPOINTS},
            fields={},
        )
    return row


def edit(
    connection: Connection,
    who: Agent,
    webhook_id: int,
    changes: Mapping[str, Any],
    *,
    seen: Collection[int] | None = None,
) -> Row:
    """Set the given columns; one version more, or none where nothing changes.

    `seen` are the versions that the asker saw: StaleVersion with the current `webhook` if it is none of them any more.
    Raises NotFound, and Forbidden unless they are a manager.
    """
    require_manager(who, FOR_MANAGERS)
    also = (SWITCHED if "enabled" in changes else "") + (WOKEN if {"enabled", "url"} & set(changes) else "")
    return guarded.edit(connection, who, KEPT, webhook_id, changes, seen=seen, also=also)


def rotate(connection: Connection, who: Agent, webhook_id: int, sealed: bytes) -> Row:
    """Sign with a new secret from now on, and with the one before as well for OVERLAP_HOURS. Raises as `edit` does."""
    require_manager(who, FOR_MANAGERS)
    parameters = {**who.asking, "webhook": webhook_id, "secret": sealed, "overlap": OVERLAP_HOURS}
    row = connection.execute(ROTATE, parameters).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def delete(connection: Connection, who: Agent, webhook_id: int, *, seen: Collection[int] | None = None) -> None:
    """Forget an endpoint and its log. Raises as `edit` does."""
    require_manager(who, FOR_MANAGERS)
    guarded.delete(connection, who, KEPT, webhook_id, seen=seen)
