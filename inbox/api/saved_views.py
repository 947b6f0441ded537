"""The routes for saved views: one's own and the project's, with the conversations that each shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response

from inbox import list_rows, representation, saved_views, views
from inbox.access import Agent
from inbox.api.answering import answer, created, paged
from inbox.api.asking import agent_route, bigint, body, query, services
from inbox.api.filters import decode_position, page_of
from inbox.api.paging import before_id, limit
from inbox.api.program_bodies import SavedViewBody, SavedViewChangesBody
from inbox.api.schemas import NothingBody
from inbox.conversation import LARGEST_ID
from inbox.services import Writing

blueprint = Blueprint("saved_views", __name__, url_prefix="/api/v1/saved-views")


@blueprint.get("")
@agent_route
def list_views(who: Agent) -> Response:
    """Your own and the project's, newest first."""
    query("cursor", "limit")
    most, before = limit(), before_id() or LARGEST_ID
    with services().reading() as connection:
        rows = saved_views.paged(connection, who, before=before, limit=most + 1)
    return paged(rows, most, representation.saved_view)


@blueprint.post("")
@agent_route
def create(who: Agent) -> Response:
    """A new view: one of the inbox's, and what is searched for in it. `shared` shows it to the whole project."""
    wanted = body(SavedViewBody)

    def act(writing: Writing) -> dict[str, Any]:
        return representation.saved_view(saved_views.create(writing.connection, who, **wanted.model_dump()))

    return created("saved-views", act)


@blueprint.get("/<number>")
@agent_route
def show(who: Agent, number: str) -> Response:
    """One view."""
    query()
    with services().reading() as connection:
        return answer(representation.saved_view(saved_views.find(connection, who, bigint(number))))


@blueprint.patch("/<number>")
@agent_route
def edit(who: Agent, number: str) -> Response:
    """Set what is given; for whoever made it, and for managers where it is shared."""
    view_id, changes = bigint(number), body(SavedViewChangesBody).changes()
    with services().statement() as writing:
        row = saved_views.edit(writing.connection, who, view_id, changes)
    return answer(representation.saved_view(row))


@blueprint.delete("/<number>")
@agent_route
def delete(who: Agent, number: str) -> Response:
    """Forget it; its conversations stay as they are."""
    view_id = bigint(number)
    body(NothingBody)
    with services().statement() as writing:
        saved_views.delete(writing.connection, who, view_id)
    return Response(status=204)


@blueprint.get("/<number>/conversations")
@agent_route
def list_conversations(who: Agent, number: str) -> Response:
    """What it shows to you, in its order."""
    query("cursor", "limit")
    most = limit()
    with services().reading() as connection:
        row = saved_views.find(connection, who, bigint(number))
        wanted = replace(views.searched(views.named(row["view"]), row["search"], who), sort=row["sort"])
        rows = list_rows.whole(connection, who.project_id, decode_position(wanted, most + 1))
    return page_of(rows, most, wanted.sort)
