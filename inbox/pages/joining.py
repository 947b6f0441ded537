"""Joining a project by an invitation's link: a new agent says name and password, one who exists proves theirs.

Owns the page. Whoever holds the link may see to whom it was sent and into which project; nobody else does.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox import access, invitations, passwords
from inbox.api.asking import services
from inbox.conversation import storable
from inbox.errors import Invalid, NotFound
from inbox.limits import limited_passwords
from inbox.pages import known_devices
from inbox.pages.signing_in import let_in

blueprint = Blueprint("joining", __name__)


@blueprint.get("/join/<token>")
def look(token: str) -> ResponseReturnValue:
    """The invitation, or a word that it is over."""
    return _page(token, {})


@blueprint.post("/join/<token>")
@limited_passwords
def join(token: str) -> ResponseReturnValue:
    """Accept it, and go on as after a sign-in."""
    name, password = request.form.get("name", ""), request.form.get("password", "")[: passwords.LONGEST + 1]
    try:
        if not storable(name):
            raise Invalid("Say your name.", fields={"name": ""})
        _count_guess(token)
        with services().transaction() as writing:
            agent_id, project_id = invitations.accept(writing.connection, token, name=name, password=password)
            known = access.known(writing.connection, agent_id)
    except NotFound:
        return _page(token, {})
    except Invalid as error:
        _note_guess(token, error.extra["fields"])
        return _page(token, error.extra["fields"])
    return let_in(replace(known, project_id=project_id), stays=True)


def _count_guess(token: str) -> None:
    with services().reading() as connection:
        found = invitations.find(connection, token)
    if found["agent_id"]:
        known_devices.count_guess_for(found["email"])


def _note_guess(token: str, faults: dict[str, Any]) -> None:
    """A wrong password of an agent who exists is a failed sign-in: whoever holds a link to their address may guess."""
    with suppress(NotFound), services().reading() as connection:
        found = invitations.find(connection, token)
        if "password" in faults and found["agent_id"]:
            access.failed(connection, found["agent_id"], how="password", address=request.remote_addr or "")


def _page(token: str, faults: dict[str, Any]) -> tuple[str, int]:
    try:
        with services().reading() as connection:
            found = invitations.find(connection, token)
    except NotFound:
        return render_template("join.html", found=None), 404
    words = {
        "name": gettext("Say your name, in at most %(most)s characters.", most=access.LONGEST_NAME),
        "password": gettext("This is not your password.")
        if found["agent_id"]
        else gettext("Choose a password of at least %(least)s characters.", least=passwords.SHORTEST),
    }
    page = render_template(
        "join.html",
        found=found,
        errors={name: words[name] for name in faults},
        name=request.form.get("name", ""),
        least=passwords.SHORTEST,
    )
    return page, 422 if faults else 200
