"""The routes for files, of visitors and of agents: sent as the body's bytes, asked for again at each fetch.

Owns how a file is served: as a download, or in place where it is a raster image, and never so that it could run in our
origin. The limit of a body is its own here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, request

from inbox import acts, attachments, representation
from inbox.api.answering import created
from inbox.api.asking import Agent, Visit, agent_route, bigint, query, services, visitor_route, wiring
from inbox.attachments import MOST_BYTES, Sender
from inbox.conversation import storable
from inbox.errors import Invalid, NotFound, TooLarge
from inbox.file_types import SHOWN_IN_PLACE, UNKNOWN
from inbox.limits import limited_messages
from inbox.services import Writing
from inbox.storage import answering

blueprint = Blueprint("attachments", __name__, url_prefix="/api/v1")
# Whatever a file may be, it runs nothing here, is asked for nothing, and is in no frame.
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


@blueprint.post("/widget/attachments")
@limited_messages
@visitor_route
def take_from_visitor(visit: Visit) -> Response:
    """A file that is to be sent: its bytes are the body. Then name its id in a message."""
    query("name")
    return created("attachments", taking(visit.sender, "/api/v1/widget"))


@blueprint.get("/widget/attachments/<file>")
@visitor_route
def show_to_visitor(visit: Visit, file: str) -> Response:
    """A file of the visitor's own conversation."""
    query()
    return served(visit.sender, file)


@blueprint.post("/conversations/<number>/attachments")
@agent_route
def take_from_agent(who: Agent, number: str) -> Response:
    """A file that is to be sent: its bytes are the body. Then name its id in a message or a note."""
    query("name")
    conversation_id = bigint(number)
    under = f"/api/v1/conversations/{conversation_id}"
    return created(f"attachments:{conversation_id}", taking(acts.sender(who, conversation_id), under))


@blueprint.get("/conversations/<number>/attachments/<file>")
@agent_route
def show_to_agent(who: Agent, number: str, file: str) -> Response:
    """A file of a conversation."""
    query()
    return served(acts.sender(who, bigint(number)), file)


def taking(sender: Sender, under: str) -> Callable[[Writing], dict[str, Any]]:
    """What takes the request's body as a file. Raises TooLarge or Invalid at once."""
    data, name = _bytes(), request.args.get("name", "")

    def act(writing: Writing) -> dict[str, Any]:
        with answering():
            row = attachments.take(writing.connection, wiring().storage, sender, name, data)
        return representation.attachment(row, under)

    return act


def served(sender: Sender, file: str) -> Response:
    """The bytes, for a reader who may see them now."""
    if not storable(file):
        raise NotFound
    with services().reading() as connection:
        row = attachments.find(connection, sender, file)
    with answering():
        data = wiring().storage.get(row["key"])
    if data is None:
        raise NotFound
    in_place = row["type"] in SHOWN_IN_PLACE
    response = Response(data, content_type=row["type"] if in_place else UNKNOWN)
    how = "inline" if in_place else "attachment"
    response.headers["Content-Disposition"] = f"{how}; filename*=UTF-8''{quote(row['name'], safe='')}"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _bytes() -> bytes:
    """The body. Raises TooLarge, also for one that comes in chunks, and Invalid for an empty one."""
    if (request.content_length or 0) > MOST_BYTES:
        raise TooLarge("A file may have 10 MiB at most.")
    request.max_content_length = MOST_BYTES + 1
    data = request.get_data(cache=True)
    if len(data) > MOST_BYTES:
        raise TooLarge("A file may have 10 MiB at most.")
    if not data:
        raise Invalid("The file is empty.", fields={"body": "is empty"})
    return data
