"""Signing in and out, and who is asking on a page.

Owns the session's cookie. The session itself is a row in PostgreSQL; its token is new at every sign-in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from inbox import access
from inbox.api.asking import ASKER_PAGE, asked_by, services
from inbox.errors import Unauthorized
from inbox.limits import limited_sign_in

COOKIE = "tandem_session"
blueprint = Blueprint("signing_in", __name__)


def page(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """The view gets the signed-in Agent first; others are sent to the sign-in page."""

    @wraps(view)
    def asked(*arguments: Any, **named: Any) -> ResponseReturnValue:
        with services().reading() as connection:
            agent = access.by_session(connection, request.cookies.get(COOKIE))
        if agent is None:
            if request.method != "GET" or request.headers.get("HX-Request") or request.path.startswith("/parts"):
                return Response("Sign in again.", 401, {"HX-Redirect": url_for("signing_in.sign_in")})
            return redirect(url_for("signing_in.sign_in"))
        return view(agent, *arguments, **named)

    return asked_by(ASKER_PAGE, asked)


@blueprint.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """The sign-in page."""
    return render_template("sign_in.html", email="", wrong="")


@blueprint.post("/sign-in")
@limited_sign_in
def open_session() -> ResponseReturnValue:
    """Open a session, or say that it did not match."""
    email, password = request.form.get("email", "").strip()[:320], request.form.get("password", "")[:1000]
    try:
        with services().statement() as writing:
            token = access.sign_in(writing.connection, email.replace("\x00", ""), password)
    except Unauthorized as error:
        return render_template("sign_in.html", email=email, wrong=error.message), 401
    session.clear()
    response = make_response(redirect(url_for("pages.inbox")))
    response.set_cookie(
        COOKIE, token, max_age=access.SESSION_DAYS * 86_400, httponly=True, samesite="Lax", secure=request.is_secure
    )
    return response


def close_session() -> Response:
    """End the session."""
    token = request.cookies.get(COOKIE)
    if token:
        with services().statement() as writing:
            access.sign_out(writing.connection, token)
    session.clear()
    response = make_response(redirect(url_for("signing_in.sign_in")))
    response.delete_cookie(COOKIE)
    return response
