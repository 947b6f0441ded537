"""The account's page: name, password, language and zone, sessions, and the second factor.

Owns its forms; they change the asker's own account and nobody else's. What would let a stranger at an open page stay in
asks for the password once more.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from inbox import access, account, passkeys, passwords, second_factor, sessions, team
from inbox.access import Agent
from inbox.api.answering import answer
from inbox.api.asking import json_object, services
from inbox.errors import Invalid, NotFound
from inbox.limits import limited_passwords
from inbox.pages import forms
from inbox.pages.browser_session import page, session_token
from inbox.pages.proving import sealer, site

blueprint = Blueprint("account", __name__, url_prefix="/account")
LANGUAGE_NAMES = {"en": "English", "vi": "Tiếng Việt"}


@blueprint.get("")
@page
def show(me: Agent) -> ResponseReturnValue:
    """The account."""
    return _page(me)


@blueprint.post("")
@page
def save(me: Agent) -> ResponseReturnValue:
    """Save name, language and time zone."""
    typed = {name: request.form.get(name, "").strip() for name in ("name", "language", "time_zone")}
    try:
        with services().statement() as writing:
            account.change(writing.connection, me, typed)
    except Invalid as error:
        return _page(me, wrong=error.extra["fields"], typed=typed), 422
    flash(gettext("Saved."))
    return redirect(url_for("account.show"))


@blueprint.post("/password")
@limited_passwords
@page
def set_password(me: Agent) -> ResponseReturnValue:
    """Set a new password; it ends every other session."""
    old, new = _password("old"), request.form.get("new", "")[: passwords.LONGEST + 1]
    try:
        with services().transaction() as writing:
            account.set_password(writing.connection, me, old, new, session_token())
    except Invalid as error:
        return _page(me, wrong=error.extra["fields"]), 422
    flash(gettext("The password is changed. You are signed out everywhere else."))
    return redirect(url_for("account.show"))


@blueprint.post("/sessions")
@page
def end_session(me: Agent) -> ResponseReturnValue:
    """End one of my sessions, or all but this one."""
    chosen = request.form.get("session", "")
    with services().statement() as writing:
        if chosen == "others":
            ended = sessions.revoke_others(writing.connection, me.id, session_token())
        else:
            ended = sessions.revoke(writing.connection, me.id, forms.number(chosen) or 0)
    said = ngettext("One session was ended.", "%(num)d sessions were ended.", ended)
    flash(said if ended else gettext("There was no such session any more."))
    return redirect(url_for("account.show"))


@blueprint.post("/two-factor/begin")
@limited_passwords
@page
def begin(me: Agent) -> ResponseReturnValue:
    """Make a secret for an app and show it, to be confirmed."""
    return _with_password(me, lambda connection: second_factor.begin(connection, me.id, sealer()), "app-password")


@blueprint.post("/two-factor/confirm")
@page
def confirm(me: Agent) -> ResponseReturnValue:
    """Confirm the app with its first code; shows the codes for paper, this once."""
    try:
        with services().transaction() as writing:
            code = request.form.get("code", "")[:32]
            paper = second_factor.confirm(writing.connection, me.id, code, sealer(), time.time())
    except Invalid:
        return _page(me, wrong={"code": gettext("This is not the code that the app shows now.")}), 422
    return _page(me, paper=paper)


@blueprint.post("/two-factor/remove")
@limited_passwords
@page
def remove_app(me: Agent) -> ResponseReturnValue:
    """Ask for the app's codes no more."""
    return _with_password(me, lambda connection: second_factor.remove_app(connection, me.id), "app-password")


@blueprint.post("/two-factor/paper")
@limited_passwords
@page
def new_paper(me: Agent) -> ResponseReturnValue:
    """New codes for paper, in place of the old ones."""
    try:
        with services().transaction() as writing:
            account.require_password(writing.connection, me, _password("password"))
            if not second_factor.state(writing.connection, me.id).on:
                raise Invalid("There is no second factor.", fields={})
            paper = second_factor.new_paper_codes(writing.connection, me.id)
    except Invalid:
        return _page(me, wrong={"paper-password": gettext("This is not your password.")}), 422
    return _page(me, paper=paper)


@blueprint.post("/passkeys/options")
@limited_passwords
@page
def passkey_options(me: Agent) -> ResponseReturnValue:
    """What the browser is told to make a passkey, where the password is right."""
    password = json_object().get("password")
    with services().statement() as writing:
        account.require_password(writing.connection, me, password if isinstance(password, str) else "")
        return answer(passkeys.ask_to_register(writing.connection, me, site()))


@blueprint.post("/passkeys")
@page
def add_passkey(me: Agent) -> ResponseReturnValue:
    """Keep the passkey that the browser made."""
    given = json_object()
    name = given.get("name")
    with services().transaction() as writing:
        shown = name if isinstance(name, str) else ""
        passkeys.register(writing.connection, me, given.get("credential"), shown, site())
        first = second_factor.state(writing.connection, me.id)
        paper = [] if first.paper_codes else second_factor.new_paper_codes(writing.connection, me.id)
    return answer({"recovery_codes": paper}, 201)


@blueprint.post("/passkeys/rename")
@page
def rename_passkey(me: Agent) -> ResponseReturnValue:
    """Call a passkey otherwise."""
    try:
        with services().statement() as writing:
            number = forms.number(request.form.get("passkey", "")) or 0
            passkeys.rename(writing.connection, me.id, number, request.form.get("name", ""))
        flash(gettext("Saved."))
    except NotFound:
        flash(gettext("It was gone already."))
    return redirect(url_for("account.show") + "#second-factor")


@blueprint.post("/passkeys/remove")
@limited_passwords
@page
def remove_passkey(me: Agent) -> ResponseReturnValue:
    """Forget a passkey."""
    number = forms.number(request.form.get("passkey", "")) or 0
    return _with_password(me, lambda connection: passkeys.remove(connection, me.id, number), "passkey-password")


def _with_password(me: Agent, act: Any, field: str) -> ResponseReturnValue:
    """Do it where the password is right, and show the page again either way."""
    try:
        with services().transaction() as writing:
            account.require_password(writing.connection, me, _password("password"))
            act(writing.connection)
    except Invalid:
        return _page(me, wrong={field: gettext("This is not your password.")}), 422
    except NotFound:
        flash(gettext("It was gone already."))
    return redirect(url_for("account.show") + "#second-factor")


def _password(field: str) -> str:
    return request.form.get(field, "")[: passwords.LONGEST + 1]


def _page(me: Agent, *, wrong: Any = None, typed: Any = None, paper: list[str] | None = None) -> str:
    with services().reading() as connection:
        state = second_factor.state(connection, me.id)
        secret = second_factor.secret_to_confirm(connection, me.id, sealer())
        values = {"name": me.name, "language": me.language, "time_zone": me.time_zone}
        shown = {
            "sessions": sessions.of_agent(connection, me.id, session_token()),
            "passkeys": passkeys.of_agent(connection, me.id),
            "projects": team.projects_of(connection, me.id),
        }
    picture = segno.make(second_factor.address_of(secret, me.email)).svg_data_uri(scale=5, border=2) if secret else ""
    return render_template(
        "account.html",
        me=me,
        values={**values, **(typed or {})},
        errors=_in_words(wrong or {}),
        state=state,
        secret=secret,
        picture=picture,
        paper=paper,
        languages=LANGUAGE_NAMES,
        zones=account.time_zones(),
        least=passwords.SHORTEST,
        named=site().is_named,
        **shown,
    )


def _in_words(wrong: Mapping[str, str]) -> dict[str, str]:
    """What is wrong by field, as the page says it."""
    words = {
        "name": gettext("Say your name, in at most %(most)s characters.", most=access.LONGEST_NAME),
        "language": gettext("Choose one of these languages."),
        "time_zone": gettext("This is no time zone. They are written as Asia/Ho_Chi_Minh."),
        "old": gettext("This is not your password."),
        "password": gettext("Choose a password of at least %(least)s characters.", least=passwords.SHORTEST),
    }
    return {name: words.get(name, fault) for name, fault in wrong.items()}
