"""Who is asking on a page, and opening and ending a browser's session.

Owns the session's cookie. The session itself is a row in PostgreSQL; its token is new at every sign-in. Must not know
how somebody proved who they are: inbox/pages/signing_in.py and proving.py.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

from flask import Response, g, make_response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from inbox import access, sessions
from inbox.access import Agent
from inbox.api.asking import ASKER_PAGE, asked_by, services
from inbox.pages import known_devices, own_project
from inbox.sessions import Visiting

COOKIE = "tandem_session"
WANTED = "wanted"  # in the browser's signed cookie: the page that somebody asked for before they signed in
LONGEST_WANTED = 1000  # characters of its address


def page(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
    """The view gets the signed-in Agent first; others are sent to the sign-in page."""

    @wraps(view)
    def asked(*arguments: Any, **named: Any) -> ResponseReturnValue:
        agent = asking()
        if agent is None:
            if request.method != "GET" or request.headers.get("HX-Request") or request.path.startswith("/parts"):
                return Response("Sign in again.", 401, {"HX-Redirect": url_for("signing_in.sign_in")})
            return _to_sign_in()
        if agent.lacks_second_factor and not request.path.startswith("/account"):
            return _to_account()
        return view(agent, *arguments, **named)

    return asked_by(ASKER_PAGE, asked)


def _to_sign_in() -> ResponseReturnValue:
    """The sign-in page, and from there on to what was asked for: a page of ours, and not what a script asked for."""
    # As it came: what is decoded may hold an end of a line, which no header may, and begin with another host's name.
    wanted = "/" + quote(request.path.lstrip("/"))
    if request.query_string:
        wanted += "?" + request.query_string.decode("ascii", "replace")
    is_page = request.headers.get("Sec-Fetch-Dest", "document") == "document"
    if is_page and len(wanted) <= LONGEST_WANTED:
        session[WANTED] = wanted
    return redirect(url_for("signing_in.sign_in"))


def begin_anew() -> None:
    """Keep nothing of the browser's cookie but where its reader wants to go."""
    wanted = session.get(WANTED)
    session.clear()
    if wanted:
        session[WANTED] = wanted


def _to_account() -> ResponseReturnValue:
    """Where a second factor is set up, before anything else."""
    if request.method != "GET" or request.headers.get("HX-Request") or request.path.startswith("/parts"):
        return Response("Set up a second factor first.", 403, {"HX-Redirect": url_for("account.show")})
    return redirect(url_for("account.show", _anchor="second-factor"))


def asking() -> Agent | None:
    """Who is signed in at this browser; the page speaks their language from here on."""
    token = session_token()
    with services().reading() as connection:
        agent = access.by_session(connection, token)
        if agent is not None and agent.unseen:
            sessions.seen(connection, token, _address())
        g.reader = agent
        if agent is not None:
            agent = g.reader = own_project.of_page(connection, agent, token)
    return agent


def session_token() -> str:
    """The token of this browser's session, or nothing."""
    return request.cookies.get(COOKIE, "")


def is_signed_in(token: str, project_id: int) -> bool:
    """Whether the session still stands, and its agent is in that project: asked again and again by streams, which live
    longer than a request, and than the session is in one project."""
    with services().reading() as connection:
        return access.by_session(connection, token, project_id) is not None


def enter(agent_id: int, project_id: int, *, stays: bool, how: str, password_hash: str | None = None) -> Response:
    """Open a session for somebody who has proved who they are, and show what they asked for, else the inbox.

    Raises Unauthorized where `password_hash`, of when they did, is not theirs any more.
    """
    old = session_token()
    with services().statement() as writing:
        where = Visiting(sessions.device_of(request.user_agent.string), _address(), stays)
        token = sessions.start(writing.connection, agent_id, project_id, where, how=how, password_hash=password_hash)
        email = access.email_of(writing.connection, agent_id)
        if old:
            sessions.end(writing.connection, old)
    wanted = session.get(WANTED) or url_for("pages.inbox")
    session.clear()
    response = make_response(redirect(wanted))
    response.set_cookie(
        COOKIE,
        token,
        max_age=sessions.DAYS * 86_400 if stays else None,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    known_devices.remember(response, email)
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


def _address() -> str:
    return request.remote_addr or ""
