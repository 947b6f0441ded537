"""Errors as responses: one place that maps the tree of inbox.errors, and everything unforeseen, to what goes out.

Owns that mapping. Programs get JSON with a stable code, people get a page.
"""

from __future__ import annotations

import logging

from flask import Flask, Response, jsonify, render_template, request
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from inbox.database import is_away, is_too_much, names_what_is_gone, was_heard, why_away
from inbox.errors import (
    Forbidden,
    InboxError,
    Internal,
    Invalid,
    MethodNotAllowed,
    NotFound,
    RateLimited,
    TooLarge,
    Unavailable,
)
from inbox.language import sentence_of
from inbox.saying import later, said

log = logging.getLogger(__name__)
WAIT_SECONDS = {
    503: 2,  # a restarting PostgreSQL is back within this, or nearly
    429: 60,  # where nobody knows better: limits.py does, mostly
}

BY_STATUS: dict[int, type[InboxError]] = {
    404: NotFound,
    405: MethodNotAllowed,
    413: TooLarge,
    403: Forbidden,
    429: RateLimited,
}
SENTENCES = {
    404: later("There is nothing at this address."),
    405: later("This address does not take that method."),
    413: later("The request is larger than 256 KiB."),
    429: later("Too many requests. Wait a moment and try again."),
}
SAFE = {"GET", "HEAD", "OPTIONS"}


def register(app: Flask) -> None:
    """Handle every error of the application."""
    app.register_error_handler(InboxError, _known)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SQLAlchemyError, _database)
    app.register_error_handler(Exception, _unforeseen)


def _known(error: InboxError) -> Response:
    return respond(error.status, error.code, error.message, error.extra, shown=sentence_of(error))


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error.get_response()  # type: ignore[return-value]  # a redirect or a ready answer is passed through
    kind = BY_STATUS.get(status)
    code = kind.code if kind else error.name.lower().replace(" ", "_")
    words = SENTENCES.get(status, error.description or error.name)
    response = respond(status, code, words, {}, shown=said(words))
    for name, value in error.get_headers():
        if name in {"Allow", "Retry-After"}:
            response.headers[name] = value
    return response


def _database(error: SQLAlchemyError) -> Response:
    if is_away(error):
        log.warning("The database does not answer: %s (%s)", type(error).__name__, why_away(error))
        if isinstance(error, DBAPIError) and not was_heard(error) and request.method not in SAFE:
            # A statement that was sent may be carried out once the server goes on, though its answer is not heard.
            return _known(
                Unavailable("The database did not answer. Look whether it was done after all before you do it again.")
            )
        return _known(Unavailable("The database does not answer. Nothing was changed; try again in a moment."))
    if isinstance(error, DBAPIError) and names_what_is_gone(error):
        log.warning("%s names what was deleted at that moment: %s", _asked(), error.orig)
        return _known(NotFound())
    if isinstance(error, DBAPIError) and is_too_much(error):
        words = {"custom_attributes": "would be more than 64 KiB in all"}
        return _known(Invalid("Not valid: custom_attributes.", fields=words))
    return _unforeseen(error)


def _unforeseen(error: Exception) -> Response:
    log.exception("Unforeseen error at %s", _asked(), exc_info=error)
    return _known(Internal("Something went wrong on our side. It has been written down."))


def _asked() -> str:
    """The request, for the log: on one line, whatever its address holds, and without an invitation's token."""
    path = str(request.url_rule) if "token" in (request.view_args or {}) else request.path
    return f"{request.method} {path!r}"


def respond(status: int, code: str, message: str, extra: dict[str, object], *, shown: str) -> Response:
    """JSON for programs, who read `message`; for people, who read `shown`, the same in their language, a page, or JSON
    where the page's script asks for them."""
    by_program = (request.path + "/").startswith(("/api/", "/healthz/", "/readyz/", "/metrics/"))
    if by_program or request.is_json:
        response = jsonify({"error": {"code": code, "message": message if by_program else shown, **extra}})
    else:
        response = Response(render_template("error.html", status=status, message=shown))
    response.status_code = status
    if status in WAIT_SECONDS:
        response.headers["Retry-After"] = str(WAIT_SECONDS[status])
    if status == 401 and request.path.startswith("/api/"):
        response.headers["WWW-Authenticate"] = "Bearer"
    return response
