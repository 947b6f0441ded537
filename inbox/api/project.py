"""The routes about the asker and their project: who am I, settings, snippets."""

from __future__ import annotations

from flask import Blueprint, Response
from sqlalchemy import text

from inbox import projects, reading, representation
from inbox.api.answering import answer, listed
from inbox.api.asking import Agent, agent_route, before_id, body, encode_cursor, limit, query, services
from inbox.api.schemas import ProjectBody
from inbox.conversation import LARGEST_ID

blueprint = Blueprint("project", __name__, url_prefix="/api/v1")

SNIPPETS = text("SELECT * FROM snippet WHERE project_id = :project AND id < :before ORDER BY id DESC LIMIT :limit")


@blueprint.get("/me")
@agent_route
def me(who: Agent) -> Response:
    """Who the token belongs to, and in which project."""
    query()
    return answer({"id": who.id, "name": who.name, "email": who.email, "role": who.role, "project_id": who.project_id})


@blueprint.get("/project")
@agent_route
def show(who: Agent) -> Response:
    """The project's settings."""
    query()
    with services().reading() as connection:
        return answer(representation.project(reading.project(connection, who.project_id)))


@blueprint.patch("/project")
@agent_route
def patch(who: Agent) -> Response:
    """Change settings; managers only."""
    changes = body(ProjectBody).changes()
    with services().statement() as writing:
        return answer(representation.project(projects.change(writing.connection, who, changes)))


@blueprint.get("/snippets")
@agent_route
def snippets(who: Agent) -> Response:
    """The team's knowledge, newest first."""
    query("cursor", "limit")
    most, before = limit(), before_id() or LARGEST_ID
    with services().reading() as connection:
        parameters = {"project": who.project_id, "before": before, "limit": most + 1}
        rows = connection.execute(SNIPPETS, parameters).mappings().all()
    more = encode_cursor(rows[most - 1]["id"]) if len(rows) > most else None
    return listed([representation.snippet(row) for row in rows[:most]], more)
