"""The routes for canned replies: everybody reads them, managers change them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from inbox import canned, representation
from inbox.access import Agent
from inbox.api.answering import answer, created, paged, seen_versions
from inbox.api.asking import agent_route, bigint, body, query, services
from inbox.api.paging import before_id, limit
from inbox.api.schemas import CannedReplyBody, CannedReplyChangesBody, NothingBody
from inbox.services import Writing

blueprint = Blueprint("canned", __name__, url_prefix="/api/v1/canned-replies")


@blueprint.get("")
@agent_route
def list_canned(who: Agent) -> Response:
    """Newest first; `q` must occur in name or content."""
    query("q", "cursor", "limit")
    most, words = limit(), request.args.get("q", "").strip()[:200]
    with services().reading() as connection:
        rows = canned.listed(connection, who.project_id, before=before_id(), words=words, limit=most + 1)
    return paged(rows, most, representation.canned_reply)


@blueprint.post("")
@agent_route
def create(who: Agent) -> Response:
    """A new canned reply; managers only."""
    wanted = body(CannedReplyBody)

    def act(writing: Writing) -> dict[str, Any]:
        return representation.canned_reply(canned.create(writing.connection, who, wanted.shortcut, wanted.content))

    return created("canned", act)


@blueprint.get("/<number>")
@agent_route
def show(who: Agent, number: str) -> Response:
    """One canned reply with its ETag."""
    query()
    with services().reading() as connection:
        row = canned.find(connection, who.project_id, bigint(number))
    return answer(representation.canned_reply(row), version=row["version"])


@blueprint.patch("/<number>")
@agent_route
def edit(who: Agent, number: str) -> Response:
    """Set name, content or both; managers only. With a stale If-Match: 412 and the canned reply as it is."""
    canned_id = bigint(number)
    changes = body(CannedReplyChangesBody).changes()
    with services().statement() as writing:
        row = canned.edit(writing.connection, who, canned_id, changes, seen=seen_versions())
    return answer(representation.canned_reply(row), version=row["version"])


@blueprint.delete("/<number>")
@agent_route
def delete(who: Agent, number: str) -> Response:
    """Forget it; managers only."""
    canned_id = bigint(number)
    body(NothingBody)
    with services().statement() as writing:
        canned.delete(writing.connection, who, canned_id, seen=seen_versions())
    return Response(status=204)
