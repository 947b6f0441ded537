"""The routes about the asker and their projects: who am I, which are mine, the settings of this one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response

from inbox import agent_tokens, founding, projects, reading, representation, team
from inbox.access import Agent, require_manager
from inbox.api.answering import answer, created, listed, seen_versions
from inbox.api.asking import agent_route, body, query, services, wiring
from inbox.api.program_bodies import ProjectFoundBody
from inbox.api.schemas import ProjectBody
from inbox.api.tokens import token_from, with_token
from inbox.errors import Forbidden
from inbox.limits import limited_passwords
from inbox.services import Writing
from inbox.tokens import new_token

blueprint = Blueprint("project", __name__, url_prefix="/api/v1")
TOKEN = "Made with the project"  # the name of the first one in it


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


@blueprint.post("/projects")
@limited_passwords
@agent_route
def found(who: Agent) -> Response:
    """A new project that you lead, with its widget's key and a token of yours for it, which is told this once.

    For managers, and not with `TANDEM_NEW_PROJECTS=off`. Where you lead one of that name already, it is that one.
    """
    name = body(ProjectFoundBody).name
    require_manager(who, founding.FOR_MANAGERS)
    if not wiring().settings.new_projects:
        raise Forbidden(founding.FOR_WHO_RUNS_IT)

    def act(writing: Writing) -> dict[str, Any]:
        project_id, seed = founding.found(writing.connection, who, name), new_token()
        there = replace(who, project_id=project_id)
        agent_tokens.create(writing.connection, there, token_from(seed), name=TOKEN, scope="full", expires_at=None)
        row = reading.project(writing.connection, project_id)
        return {"seed": seed, "id": row["id"], "name": row["name"], "key": row["key"]}

    return created("projects", act, shown=with_token, together=True)


@blueprint.get("/projects")
@agent_route
def list_projects(who: Agent) -> Response:
    """The projects that you are a member of, all on one page. A token is for one of them: `this` is true there."""
    query()
    with services().reading() as connection:
        rows = team.projects_of(connection, who.id)
    return listed([{"id": row["id"], "name": row["name"], "this": row["id"] == who.project_id} for row in rows], None)
