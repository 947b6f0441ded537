"""The routes of a project's labels: everybody sees them, managers change them everywhere at once."""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, Response

from inbox import label_colours, labels
from inbox.access import Agent
from inbox.api.answering import answer, paged
from inbox.api.asking import agent_route, body, query, services
from inbox.api.paging import decode_cursor, limit
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
