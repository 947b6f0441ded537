"""The routes for files, of visitors and of agents: sent as the body's bytes, asked for again at each fetch.

Owns how a file is served: as a download, or in place where it is a raster image, and never so that it could run in our
origin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.wsgi import FileWrapper

from inbox import acts, attachments, representation
from inbox.access import Agent
from inbox.api import file_body
from inbox.api.answering import created
from inbox.api.asking import agent_route, bigint, query, services, visitor_route, wiring
from inbox.attachments import Sender
from inbox.conversation import storable
from inbox.database import is_away
from inbox.errors import NotFound
from inbox.file_types import SHOWN_IN_PLACE, UNKNOWN
from inbox.limits import limited_messages
from inbox.services import Writing
from inbox.storage import PIECE_BYTES, answering
from inbox.visiting import Visit

blueprint = Blueprint("attachments", __name__, url_prefix="/api/v1")
Act = Callable[[Writing], dict[str, Any]]
# Whatever a file may be, it runs nothing here, is asked for nothing, and is in no frame.
POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


@blueprint.post("/widget/attachments")
@limited_messages
@visitor_route
def take_from_visitor(visit: Visit) -> Response:
    """A file that is to be sent: its bytes are the body. Then name its id in a message."""
    query("name")
    return taking(visit.sender, "/api/v1/widget", lambda act, digest: created("attachments", act, digest=digest))


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
    scope = f"attachments:{conversation_id}"
    sender = acts.sender(who, conversation_id)
    return taking(sender, under, lambda act, digest: created(scope, act, digest=digest))


@blueprint.get("/conversations/<number>/attachments/<file>")
@agent_route
def show_to_agent(who: Agent, number: str, file: str) -> Response:
    """A file of a conversation."""
    query()
    return served(acts.sender(who, bigint(number)), file)


def taking(sender: Sender, under: str, answered: Callable[[Act, bytes], Response]) -> Response:
    """Take the request's body as a file: what `answered` says once it has done the act. It gets the body's digest, too.

    The bytes of a file that is not taken (refused, or a repetition) are deleted, but not where nobody can know whether
    it was: then, as where we die midway, the sweeper does.
    """
    storage = wiring().storage
    with file_body.came() as body, answering():
        # Given back at once, for a storage may be slow: tests/integration/test_uploads.py
        with services().reading() as connection:
            kept = attachments.coming(connection, request.args.get("name", ""), body.file, body.size)
        storage.put(kept.key, body.file, body.size, kept.type)
    taken = False

    def act(writing: Writing) -> dict[str, Any]:
        nonlocal taken
        row = attachments.take(writing.connection, sender, kept)
        taken = True
        return representation.attachment(row, under)

    try:
        response = answered(act, body.digest)
    except Exception as error:
        if not (isinstance(error, SQLAlchemyError) and is_away(error)):
            delete_forgotten([kept.key])
        raise
    if not taken:
        delete_forgotten([kept.key])
    return response


def delete_forgotten(keys: Sequence[str]) -> None:
    """Delete the bytes of files that are forgotten, after the commit that forgot them; nobody is told of it."""
    with services().reading() as connection:
        attachments.delete_bytes(connection, wiring().storage, keys)


def served(sender: Sender, file: str) -> Response:
    """The bytes, for a reader who may see them now."""
    if not storable(file):
        raise NotFound
    with services().reading() as connection:
        row = attachments.find(connection, sender, file)
    with answering():
        kept = wiring().storage.get(row["key"])
    if kept is None:
        raise NotFound
    in_place = row["type"] in SHOWN_IN_PLACE
    response = Response(FileWrapper(kept, PIECE_BYTES), content_type=row["type"] if in_place else UNKNOWN)
    response.content_length = row["bytes"]
    how = "inline" if in_place else "attachment"
    response.headers["Content-Disposition"] = f"{how}; filename*=UTF-8''{quote(row['name'], safe='')}"
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cache-Control"] = "private, no-store"
    return response
