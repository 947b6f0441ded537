"""The routes about the asker and their projects: who am I, which are mine, the settings of this one."""

from __future__ import annotations

from flask import Blueprint, Response

from inbox import projects, reading, representation, team
from inbox.access import Agent
from inbox.api.answering import answer, listed, seen_versions
from inbox.api.asking import agent_route, body, query, services
from inbox.api.schemas import ProjectBody

blueprint = Blueprint("project", __name__, url_prefix="/api/v1")


@blueprint.get("/me")
@agent_route
def me(who: Agent) -> Response:
    """Who the token belongs to, and in which project."""
    query()
    return answer(
        {
            "id": who.id,
            "name": who.name,
            "email": who.email,
            "role": who.role,
            "project_id": who.project_id,
            "scope": who.scope,
        }
    )


@blueprint.get("/project")
@agent_route
def show(who: Agent) -> Response:
    """The project's settings."""
    query()
    with services().reading() as connection:
        row = reading.project(connection, who.project_id)
    return answer(representation.project(row), version=row["version"])


@blueprint.patch("/project")
@agent_route
def patch(who: Agent) -> Response:
    """Change settings, column by column unless If-Match says otherwise; managers only."""
    changes = body(ProjectBody).changes()
    with services().statement() as writing:
        row = projects.change(writing.connection, who, changes, seen=seen_versions())
    return answer(representation.project(row), version=row["version"])


@blueprint.get("/projects")
@agent_route
def list_projects(who: Agent) -> Response:
    """The projects that you are a member of, all on one page. A token is for one of them: `this` is true there."""
    query()
    with services().reading() as connection:
        rows = team.projects_of(connection, who.id)
    return listed([{"id": row["id"], "name": row["name"], "this": row["id"] == who.project_id} for row in rows], None)
