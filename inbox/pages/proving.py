"""The second step of signing in: a code of the app or from paper, or a passkey; and signing in with a passkey alone.

Owns both pages' routes. Whoever said the right password has ten minutes for the second step; what they hold meanwhile
opens nothing else and ends with a new password.
"""

from __future__ import annotations

import ipaddress
import time

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from itsdangerous import BadSignature, URLSafeTimedSerializer

from inbox import access, passkeys, second_factor
from inbox.access import Known
from inbox.api.answering import answer
from inbox.api.asking import json_object, services
from inbox.errors import RateLimited, Unauthorized
from inbox.language import sentence_of
from inbox.limits import limited_sessions, limited_sign_in
from inbox.pages import browser_session
from inbox.passkeys import Site
from inbox.sealing import Sealer
from inbox.tokens import digest

blueprint = Blueprint("proving", __name__, url_prefix="/sign-in")
HALF_SECONDS = 600
HALF = "half"


def remember(known: Known, *, stays: bool) -> None:
    """The password was right: keep so much, signed, until the second step."""
    browser_session.begin_anew()
    session[HALF] = _signer().dumps([known.agent_id, known.project_id, _mark(known), stays])


@blueprint.get("/code")
def ask() -> ResponseReturnValue:
    """The page of the second step."""
    half = _half()
    return _page(half[0]) if half else redirect(url_for("signing_in.sign_in"))


@blueprint.post("/code")
@limited_sign_in
def prove() -> ResponseReturnValue:
    """Take a code and open the session."""
    half = _half()
    if half is None:
        return redirect(url_for("signing_in.sign_in"))
    known, stays = half
    try:
        with services().reading() as connection:
            code = request.form.get("code", "")[:32]
            how = second_factor.prove(connection, known.agent_id, code, sealer(), time.time())
    except (Unauthorized, RateLimited) as error:
        with services().reading() as connection:
            access.failed(connection, known.agent_id, how="code", address=request.remote_addr or "")
        words = gettext("This code is not right, or was used already.")
        if isinstance(error, RateLimited):
            words = sentence_of(error)
        return _page(known, words), error.status
    return browser_session.enter(
        known.agent_id, known.project_id, stays=stays, how=how, password_hash=known.password_hash
    )


@blueprint.post("/passkey/options")
@limited_sessions
def passkey_options() -> ResponseReturnValue:
    """What the browser is told to prove a passkey: the same for everybody."""
    with services().statement() as writing:
        return answer(passkeys.ask_to_sign_in(writing.connection, site()))


@blueprint.post("/passkey")
@limited_sign_in
def passkey() -> ResponseReturnValue:
    """Open a session for whoever's passkey signed; after a password it has to be the same agent's."""
    half, credential = _half(), json_object().get("credential")
    with services().statement() as writing:
        agent_id = passkeys.prove(writing.connection, credential, site())
        known = access.known(writing.connection, agent_id)
    if half is not None and half[0].agent_id != agent_id:
        raise Unauthorized("This is another agent's passkey.")
    stays = half[1] if half else True
    opened = browser_session.enter(
        agent_id, known.project_id, stays=stays, how="passkey", password_hash=known.password_hash
    )
    response = answer({"next": opened.headers["Location"]})
    for cookie in opened.headers.getlist("Set-Cookie"):
        response.headers.add("Set-Cookie", cookie)
    return response


def sealer() -> Sealer:
    """What second factors are sealed with."""
    return Sealer(str(current_app.secret_key), second_factor.PURPOSE)


def site() -> Site:
    """Where this request was sent to, as browsers bind passkeys to it."""
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    return Site(host, request.host_url.rstrip("/"), is_named=_is_name(host))


def _is_name(host: str) -> bool:
    """Whether it is no address of numbers: browsers bind no passkey to one."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False


def _half() -> tuple[Known, bool] | None:
    """Who said their password here, and whether they stay; None where nobody did, or it is another one by now."""
    try:
        agent_id, project_id, mark, stays = _signer().loads(session.get(HALF, ""), max_age=HALF_SECONDS)
    except (BadSignature, ValueError, TypeError):
        return None
    with services().reading() as connection:
        try:
            now = access.known(connection, agent_id)
        except Unauthorized:
            return None
    return (Known(agent_id, project_id, now.password_hash), bool(stays)) if _mark(now) == mark else None


def _mark(known: Known) -> str:
    return digest(known.password_hash).hex()[:32]


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="half a sign-in")


def _page(known: Known, wrong: str = "") -> str:
    with services().reading() as connection:
        state = second_factor.state(connection, known.agent_id)
    return render_template("second_step.html", state=state, wrong=wrong, named=site().is_named)
