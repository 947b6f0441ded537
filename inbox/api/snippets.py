"""The routes for the team's knowledge: everybody reads it, managers change it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from inbox import representation, snippets
from inbox.access import Agent
from inbox.api.answering import answer, created, paged, seen_versions
from inbox.api.asking import agent_route, bigint, body, query, services
from inbox.api.paging import before_id, limit
from inbox.api.schemas import NothingBody, SnippetBody, SnippetChangesBody
from inbox.services import Writing

blueprint = Blueprint("snippets", __name__, url_prefix="/api/v1/snippets")


@blueprint.get("")
@agent_route
def list_snippets(who: Agent) -> Response:
    """Newest first; `q` must occur in title or content."""
    query("q", "cursor", "limit")
    most, words = limit(), request.args.get("q", "").strip()[:200]
    with services().reading() as connection:
        rows = snippets.listed(connection, who.project_id, before=before_id(), words=words, limit=most + 1)
    return paged(rows, most, representation.snippet)


@blueprint.post("")
@agent_route
def create(who: Agent) -> Response:
    """A new snippet; managers only."""
    wanted = body(SnippetBody)

    def act(writing: Writing) -> dict[str, Any]:
        return representation.snippet(snippets.create(writing.connection, who, wanted.title, wanted.content))

    return created("snippets", act)


@blueprint.get("/<number>")
@agent_route
def show(who: Agent, number: str) -> Response:
    """One snippet with its ETag."""
    query()
    with services().reading() as connection:
        row = snippets.find(connection, who.project_id, bigint(number))
    return answer(representation.snippet(row), version=row["version"])


@blueprint.patch("/<number>")
@agent_route
def edit(who: Agent, number: str) -> Response:
    """Set title, content or both; managers only. With a stale If-Match: 412 and the snippet as it is."""
    snippet_id = bigint(number)
    changes = body(SnippetChangesBody).changes()
    with services().statement() as writing:
        row = snippets.edit(writing.connection, who, snippet_id, changes, seen=seen_versions())
    return answer(representation.snippet(row), version=row["version"])


@blueprint.delete("/<number>")
@agent_route
def delete(who: Agent, number: str) -> Response:
    """Forget it; managers only."""
    snippet_id = bigint(number)
    body(NothingBody)
    with services().statement() as writing:
        snippets.delete(writing.connection, who, snippet_id, seen=seen_versions())
    return Response(status=204)


@blueprint.get("/<number>/uses")
@agent_route
def list_uses(who: Agent, number: str) -> Response:
    """The replies that cite it, newest first: {message_id, conversation_id, content, created_at}."""
    query("cursor", "limit")
    most, before, snippet_id = limit(), before_id(), bigint(number)
    with services().reading() as connection:
        snippets.find(connection, who.project_id, snippet_id)
        rows = snippets.uses(connection, who.project_id, snippet_id, before=before, limit=most + 1)
    return paged(rows, most, representation.use)
