"""The routes of a project's labels, of the notes in a conversation, and of the projects that one is a member of."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response

from inbox import label_colours, labels, reading, representation, team
from inbox.api.answering import answer, listed, paged
from inbox.api.asking import Agent, agent_route, bigint, body, query, services
from inbox.api.paging import after, decode_cursor, limit
from inbox.api.program_bodies import ColourBody, LabelBody, RenameBody

blueprint = Blueprint("labels", __name__, url_prefix="/api/v1")


@blueprint.get("/labels")
@agent_route
def list_labels(who: Agent) -> Response:
    """The labels by name, each with how many conversations have it."""
    query("cursor", "limit")
    most, start = limit(), decode_cursor(str)
    with services().reading() as connection:
        rows = labels.listed(connection, who.project_id, after=start[0] if start else "", limit=most + 1)
    return paged(rows, most, dict, by="name")


@blueprint.patch("/labels")
@agent_route
def rename(who: Agent) -> Response:
    """Put another label in the place of one, wherever it is; managers only. While `more` is true, send it again."""
    wanted = body(RenameBody)
    with services().statement() as writing:
        return answer(asdict(labels.relabel(writing.connection, who, wanted.name, wanted.new_name)))


@blueprint.put("/labels/colour")
@agent_route
def paint(who: Agent) -> Response:
    """Give a label a colour, or none (null); managers only."""
    wanted = body(ColourBody)
    with services().statement() as writing:
        label_colours.paint(writing.connection, who, wanted.name, wanted.colour)
    return answer({"name": wanted.name, "colour": wanted.colour})


@blueprint.post("/labels/remove")
@agent_route
def remove(who: Agent) -> Response:
    """Take a label off every conversation; managers only. While `more` is true, send it again."""
    name = body(LabelBody).name
    with services().statement() as writing:
        return answer(asdict(labels.relabel(writing.connection, who, name, None)))


@blueprint.get("/conversations/<number>/notes")
@agent_route
def list_notes(who: Agent, number: str) -> Response:
    """The notes among agents, oldest first; write one with POST messages and `private`."""
    query("after", "cursor", "limit")
    most, start, conversation_id = limit(), after(), bigint(number)
    with services().reading() as connection:
        reading.require(connection, who.project_id, conversation_id)
        rows = reading.notes(connection, conversation_id, after=start, limit=most + 1)
    more = str(rows[most - 1]["id"]) if len(rows) > most else None
    return listed([representation.message(row) for row in rows[:most]], more)


@blueprint.get("/projects")
@agent_route
def list_projects(who: Agent) -> Response:
    """The projects that you are a member of, all on one page. A token is for one of them: `this` is true there."""
    query()
    with services().reading() as connection:
        rows = team.projects_of(connection, who.id)
    return listed([{"id": row["id"], "name": row["name"], "this": row["id"] == who.project_id} for row in rows], None)
