"""Signing in and out, and who is asking on a page.

Owns the session's cookie. The session itself is a row in PostgreSQL; its token is new at every sign-in.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from inbox import access, sessions
from inbox.access import Agent, Known
from inbox.api.asking import ASKER_PAGE, asked_by, services
from inbox.errors import Unauthorized
from inbox.language import sentence_of
from inbox.limits import limited_sign_in
from inbox.sessions import Visiting

COOKIE = "tandem_session"
blueprint = Blueprint("signing_in", __name__)


def page(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """The view gets the signed-in Agent first; others are sent to the sign-in page."""

    @wraps(view)
    def asked(*arguments: Any, **named: Any) -> ResponseReturnValue:
        agent = asking()
        if agent is None:
            if request.method != "GET" or request.headers.get("HX-Request") or request.path.startswith("/parts"):
                return Response("Sign in again.", 401, {"HX-Redirect": url_for("signing_in.sign_in")})
            return redirect(url_for("signing_in.sign_in"))
        if agent.lacks_second_factor and not request.path.startswith("/account"):
            return _to_account()
        return view(agent, *arguments, **named)

    return asked_by(ASKER_PAGE, asked)


def _to_account() -> ResponseReturnValue:
    """Where a second factor is set up, before anything else."""
    if request.method != "GET" or request.headers.get("HX-Request") or request.path.startswith("/parts"):
        return Response("Set up a second factor first.", 403, {"HX-Redirect": url_for("account.show")})
    return redirect(url_for("account.show"))


def asking() -> Agent | None:
    """Who is signed in at this browser; the page speaks their language from here on."""
    token = session_token()
    with services().reading() as connection:
        agent = access.by_session(connection, token)
        if agent is not None and agent.unseen:
            sessions.seen(connection, token, _address())
    g.reader = agent
    return agent


def session_token() -> str:
    """The token of this browser's session, or nothing."""
    return request.cookies.get(COOKIE, "")


def is_signed_in(token: str) -> bool:
    """Whether the session still stands: asked again and again by streams, which live longer than a request."""
    with services().reading() as connection:
        return access.by_session(connection, token) is not None


@blueprint.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """The sign-in page."""
    return _page()


@blueprint.post("/sign-in")
@limited_sign_in
def open_session() -> ResponseReturnValue:
    """Open a session, or say that it did not match."""
    email, password = request.form.get("email", "").strip()[:320], request.form.get("password", "")[:1000]
    try:
        with services().reading() as connection:
            known = access.by_password(connection, email.replace("\x00", ""), password, address=_address())
    except Unauthorized as error:
        return _page(email, sentence_of(error)), 401
    return let_in(known, stays="stay" in request.form)


def let_in(known: Known, *, stays: bool) -> Response:
    """What follows on a right password: the inbox, or the second step where there is one."""
    if known.second_factor:
        from inbox.pages import proving  # which opens sessions by this module

        proving.remember(known, stays=stays)
        return make_response(redirect(url_for("proving.ask")))
    return enter(known.agent_id, known.project_id, stays=stays, how="password")


def enter(agent_id: int, project_id: int, *, stays: bool, how: str) -> Response:
    """Open a session for somebody who has proved who they are, and show them the inbox."""
    old = session_token()
    with services().statement() as writing:
        where = Visiting(sessions.device_of(request.user_agent.string), _address(), stays)
        token = sessions.start(writing.connection, agent_id, project_id, where, how=how)
        if old:
            sessions.end(writing.connection, old)
    session.clear()
    response = make_response(redirect(url_for("pages.inbox")))
    response.set_cookie(
        COOKIE,
        token,
        max_age=sessions.DAYS * 86_400 if stays else None,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    return response


def close_session() -> Response:
    """End the session."""
    token = session_token()
    if token:
        with services().statement() as writing:
            sessions.end(writing.connection, token)
    session.clear()
    response = make_response(redirect(url_for("signing_in.sign_in")))
    response.delete_cookie(COOKIE)
    return response


def _page(email: str = "", wrong: str = "") -> str:
    return render_template("sign_in.html", email=email, wrong=wrong, named=is_named())


def is_named() -> bool:
    """Whether this page was opened by a name: browsers bind no passkey to an address of numbers."""
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False


def _address() -> str:
    return request.remote_addr or ""
