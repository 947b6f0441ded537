"""The routes for a project's own tools and the hosts that they may call: everybody reads, managers change.

A secret goes in and is never told again: not by these routes, not to anybody.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response

from inbox import representation, tool_hosts, tools
from inbox.access import Agent
from inbox.api.answering import answer, created, listed, paged, seen_versions
from inbox.api.asking import agent_route, bigint, body, query, services, wiring
from inbox.api.paging import before_id, limit
from inbox.api.schemas import NothingBody
from inbox.api.tool_forms import ToolBody, ToolChangesBody, ToolHostBody, ToolTrialBody
from inbox.services import Writing

blueprint = Blueprint("tools", __name__, url_prefix="/api/v1")


@blueprint.get("/tools")
@agent_route
def list_tools(who: Agent) -> Response:
    """Newest first."""
    query("cursor", "limit")
    most = limit()
    with services().reading() as connection:
        rows = tools.listed(connection, who.project_id, before=before_id(), limit=most + 1)
    return paged(rows, most, representation.tool)


@blueprint.post("/tools")
@agent_route
def create(who: Agent) -> Response:
    """A new tool, known to the next turn; managers only. Its host must be on the project's list of hosts."""
    given = body(ToolBody).fields()

    def act(writing: Writing) -> dict[str, Any]:
        made = tools.create(writing.connection, who, given, wiring().workshop, wiring().sealer)
        return representation.tool(made)

    return created("tools", act)


@blueprint.get("/tools/<number>")
@agent_route
def show(who: Agent, number: str) -> Response:
    """One tool with its ETag."""
    query()
    with services().reading() as connection:
        row = tools.find(connection, who.project_id, bigint(number))
    return answer(representation.tool(row), version=row["version"])


@blueprint.patch("/tools/<number>")
@agent_route
def edit(who: Agent, number: str) -> Response:
    """Set the given fields; managers only. With a stale If-Match: 412 and the tool as it is.

    A secret that is not given stays, unless the address is another server's: then it must be given again.
    """
    tool_id = bigint(number)
    changes = body(ToolChangesBody).changes()
    with services().transaction() as writing:
        row = tools.edit(
            writing.connection, who, tool_id, changes, wiring().workshop, wiring().sealer, seen=seen_versions()
        )
    return answer(representation.tool(row), version=row["version"])


@blueprint.delete("/tools/<number>")
@agent_route
def delete(who: Agent, number: str) -> Response:
    """Forget it and its secret; managers only."""
    tool_id = bigint(number)
    body(NothingBody)
    with services().transaction() as writing:
        tools.delete(writing.connection, who, tool_id, seen=seen_versions())
    return Response(status=204)


@blueprint.post("/tools/<number>/try")
@agent_route
def try_out(who: Agent, number: str) -> Response:
    """Call it once, as a turn would, and show what it answered; managers only."""
    tool_id = bigint(number)
    arguments = body(ToolTrialBody).arguments
    with services().transaction() as writing:
        row = tools.to_try(writing.connection, who, tool_id)
    return answer(asdict(wiring().workshop.try_tool(who.project_id, row["name"], arguments)))


@blueprint.get("/tool-hosts")
@agent_route
def list_hosts(who: Agent) -> Response:
    """The hosts that the project's tools may call, by name."""
    query()
    with services().reading() as connection:
        rows = tool_hosts.listed(connection, who.project_id)
    return listed([representation.tool_host(row) for row in rows], None)


@blueprint.post("/tool-hosts")
@agent_route
def add_host(who: Agent) -> Response:
    """Allow a host, such as api.example.com; managers only. Only public addresses are ever called."""
    wanted = body(ToolHostBody)

    def act(writing: Writing) -> dict[str, Any]:
        return representation.tool_host(tool_hosts.add(writing.connection, who, wanted.host, wiring().workshop))

    return created("tool-hosts", act)


@blueprint.delete("/tool-hosts/<number>")
@agent_route
def remove_host(who: Agent, number: str) -> Response:
    """Allow it no more; managers only. Tools that call it fail from the next call on."""
    host_id = bigint(number)
    body(NothingBody)
    with services().statement() as writing:
        tool_hosts.remove(writing.connection, who, host_id)
    return Response(status=204)
