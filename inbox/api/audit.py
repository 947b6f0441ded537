"""The audit log's route, for managers."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, request

from inbox import audit, representation, team
from inbox.access import Agent, require_manager
from inbox.api.answering import paged
from inbox.api.asking import agent_route, query, services
from inbox.api.fields import moment
from inbox.api.paging import before_id, limit, whole
from inbox.audit import Wanted
from inbox.conversation import LARGEST_ID
from inbox.errors import Invalid

blueprint = Blueprint("audit", __name__, url_prefix="/api/v1/audit")


@blueprint.get("")
@agent_route
def list_entries(who: Agent) -> Response:
    """Who did what to the project itself, newest first; managers only."""
    query("kind", "actor_id", "since", "until", "cursor", "limit")
    require_manager(who, team.FOR_MANAGERS)
    most = limit()
    wanted = Wanted(
        kind=request.args.get("kind"),
        actor_id=whole("actor_id", 0, 1, LARGEST_ID) or None,
        since=_moment("since"),
        until=_moment("until"),
        before=before_id(),
        limit=most + 1,
    )
    with services().reading() as connection:
        rows = audit.listed(connection, who.project_id, wanted)
    return paged(rows, most, representation.audit_entry)


def _moment(name: str) -> datetime | None:
    text = request.args.get(name)
    found = moment(text) if text is not None else None
    if text is not None and found is None:
        raise Invalid(f"Not valid: {name}.", fields={name: "must be an RFC 3339 time, such as 2026-01-25T10:00:00Z"})
    return found
