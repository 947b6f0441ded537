"""Which pages of other origins may call the visitors' routes from a browser: those of the project's allowed origins.

Owns the headers that say so. Tokens go in a header and never in a cookie, so a page that may not read an answer gains
nothing by asking.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask, Response, g, request
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from inbox.api.asking import services
from inbox.conversation import storable
from inbox.origins import allows, names_of

# `g.visit_project` (an id) or `g.visit_key` says what the request is about: the routes set them. One that has read the
# allowed origins anyway sets `g.visit_origins`.
PREFIX = "/api/v1/widget/"
HEADERS = {
    "Access-Control-Allow-Methods": "GET, POST, PATCH",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key, Last-Event-ID",
    "Access-Control-Expose-Headers": "Idempotency-Replayed, Retry-After",
    "Access-Control-Max-Age": "7200",
}
OF_PROJECT = text("SELECT widget_origins FROM project WHERE id = CAST(:id AS bigint) OR key = CAST(:key AS text)")
# A browser's question beforehand names no project; it is let through where any project would, and the answer to the
# request itself is readable only where its own project does.
OF_ANY = text(
    "SELECT EXISTS (SELECT 1 FROM project WHERE widget_origins = '{}' OR widget_origins && CAST(:names AS text[]))"
)


def register(app: Flask) -> None:
    """Add the headers to the visitors' routes."""
    app.after_request(_answer)


def _answer(response: Response) -> Response:
    origin = request.headers.get("Origin", "")
    if origin and request.path.startswith(PREFIX):
        response.vary.add("Origin")
        if storable(origin) and _may(origin):
            response.headers["Access-Control-Allow-Origin"] = origin
            response.headers.update(HEADERS)
    return response


def _may(origin: str) -> bool:
    if g.get("visit_origins") is not None:
        return allows(g.visit_origins, origin)
    try:
        with services().reading() as connection:
            found = _origins(connection)
            if found is not None:
                return allows(found, origin)
            return bool(connection.execute(OF_ANY, {"names": names_of(origin)}).scalar_one())
    except SQLAlchemyError:
        return False


def _origins(connection: Connection) -> Sequence[str] | None:
    """The allowed origins of the project that the request is about, or None where it names none that exists."""
    named = {"id": g.get("visit_project"), "key": g.get("visit_key")}
    found: Sequence[str] | None = connection.execute(OF_PROJECT, named).scalar_one_or_none()
    return found
