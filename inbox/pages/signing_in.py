"""The sign-in page: an address and a password, and what follows on them.

Owns that page. Must not open a session where there is a second step: inbox/pages/proving.py does, behind it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from inbox import access, founding
from inbox.access import Known
from inbox.api.asking import services, wiring
from inbox.errors import RateLimited, Unauthorized
from inbox.language import sentence_of
from inbox.limits import limited_sign_in, named_account
from inbox.pages import browser_session, known_devices, proving
from inbox.settings import RUN_FILE

blueprint = Blueprint("signing_in", __name__)


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
        known_devices.count_guess_for(email)
        with services().reading() as connection:
            known = access.by_password(connection, named_account(email), password, address=request.remote_addr or "")
    except (Unauthorized, RateLimited) as error:
        return _page(email, sentence_of(error), forgotten=error.sentence == access.NO_MATCH), error.status
    return let_in(known, stays="stay" in request.form)


def let_in(known: Known, *, stays: bool) -> Response:
    """What follows on a right password: the inbox, or the second step where there is one."""
    if known.second_factor:
        proving.remember(known, stays=stays)
        return make_response(redirect(url_for("proving.ask")))
    return browser_session.enter(
        known.agent_id, known.project_id, stays=stays, how="password", password_hash=known.password_hash
    )


def _page(email: str = "", wrong: str = "", *, forgotten: bool = False) -> str:
    with services().reading() as connection:
        is_empty = founding.is_empty(connection)
    told = {"wrong": wrong, "forgotten": forgotten, "printed": _printed(), "is_empty": is_empty}
    return render_template("sign_in.html", email=email, named=proving.site().is_named, **told)


def _printed() -> Mapping[str, Any]:
    """What `make run` knows and has printed; nothing where it does not run."""
    try:
        known: dict[str, Any] = json.loads((wiring().settings.data / RUN_FILE).read_text())
    except (OSError, ValueError):
        return {}
    return known
