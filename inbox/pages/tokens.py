"""The page of an agent's own API tokens: make one, see when each was used, revoke it.

Owns its form. A token is shown in the answer to the very post that made it, and on no other page.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox import agent_tokens
from inbox.access import Agent
from inbox.api.asking import bigint, services, valid
from inbox.api.program_bodies import TokenBody
from inbox.api.tokens import token_from
from inbox.errors import Invalid, NotFound
from inbox.pages.browser_session import page
from inbox.tokens import new_token

blueprint = Blueprint("tokens_page", __name__, url_prefix="/settings/tokens")
DAYS = ("30", "90", "365", "")  # until it ends; the last: until it is revoked
DEFAULT = {"name": "", "scope": "read", "days": "90"}


@blueprint.get("")
@page
def show(me: Agent) -> ResponseReturnValue:
    """The asker's own tokens."""
    return _render(me)


@blueprint.post("")
@page
def create(me: Agent) -> ResponseReturnValue:
    """Make a token and show it, this once."""
    typed = {name: request.form.get(name, "").strip() for name in DEFAULT}
    seed = new_token()
    try:
        wanted = valid(TokenBody, {"name": typed["name"], "scope": typed["scope"], "expires_at": _end(typed["days"])})
        with services().statement() as writing:
            agent_tokens.create(writing.connection, me, token_from(seed), **wanted.model_dump())
    except Invalid as error:
        known = {"name": gettext("Give it a name of 1 to 100 characters."), "scope": gettext("Choose what it may do.")}
        faults = {name: known.get(name, fault) for name, fault in error.extra["fields"].items()}
        return _render(me, typed=typed, errors=faults), 422
    return _render(me, secret=token_from(seed), made=wanted.name)


@blueprint.post("/<int:number>/revoke")
@page
def revoke(me: Agent, number: int) -> ResponseReturnValue:
    """End it at once."""
    try:
        with services().statement() as writing:
            agent_tokens.revoke(writing.connection, me, bigint(str(number)))
        flash(gettext("The token is revoked: nobody gets in with it any more."))
    except NotFound:
        flash(gettext("It was revoked already."))
    return redirect(url_for("tokens_page.show"))


def _end(days: str) -> str | None:
    if days not in DAYS:
        raise Invalid("Not valid: days.", fields={"days": gettext("Choose when it ends.")})
    return (datetime.now(UTC) + timedelta(days=int(days))).isoformat() if days else None


def _render(me: Agent, *, typed: dict[str, str] | None = None, **more: Any) -> str:
    with services().reading() as connection:
        rows = agent_tokens.listed(connection, me, limit=agent_tokens.MOST_TOKENS)
    now = datetime.now(UTC)
    return render_template(
        "settings/tokens.html", me=me, rows=rows, now=now, values=typed or DEFAULT, days=DAYS, **more
    )
