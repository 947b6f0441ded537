"""The agents' routes for visitors' ratings."""

from __future__ import annotations

from flask import Blueprint, Response

from inbox import ratings, reading, representation
from inbox.access import Agent
from inbox.api.answering import paged
from inbox.api.asking import agent_route, bigint, query, services
from inbox.api.paging import before_id, limit

blueprint = Blueprint("ratings", __name__, url_prefix="/api/v1")


@blueprint.get("/ratings")
@agent_route
def list_ratings(who: Agent) -> Response:
    """Every rating of the project, newest first."""
    query("cursor", "limit")
    return _listed(who, None)


@blueprint.get("/conversations/<number>/ratings")
@agent_route
def list_of_conversation(who: Agent, number: str) -> Response:
    """What the visitor thought of this conversation, each time that it was solved, newest first."""
    query("cursor", "limit")
    return _listed(who, bigint(number))


def _listed(who: Agent, conversation_id: int | None) -> Response:
    most, before = limit(), before_id()
    with services().reading() as connection:
        if conversation_id is not None:
            reading.require(connection, who.project_id, conversation_id)
        rows = ratings.listed(
            connection, who.project_id, conversation_id=conversation_id, before=before, limit=most + 1
        )
    return paged(rows, most, representation.rating)
