"""The canned replies' pages, and the list of them that the composer offers, filled for one conversation.

Owns their forms. Everybody reads them; only managers get the controls, and only managers' posts are done.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox import canned, reading
from inbox.access import Agent, require_manager
from inbox.api.asking import bigint, services, valid
from inbox.api.schemas import CannedReplyBody
from inbox.conversation import MOST_CHARACTERS
from inbox.errors import Invalid, NotFound, StaleVersion
from inbox.language import sentence_of
from inbox.pages import forms
from inbox.pages.browser_session import page

blueprint = Blueprint("canned_page", __name__)
SETTINGS = "/settings/canned"
MOST_LISTED = 500  # a team that has more of them than this finds none by its name


@blueprint.get("/conversations/<number>/canned")
@page
def offer(me: Agent, number: str) -> ResponseReturnValue:
    """All of them by name, filled for this conversation: what the composer's menu inserts."""
    with services().reading() as connection:
        conversation = reading.conversation(connection, me.project_id, bigint(number))
        name = reading.project(connection, me.project_id)["name"]
        rows = canned.by_name(connection, me.project_id, MOST_LISTED)
    offered = [
        {"name": row["shortcut"], "words": canned.filled(row["content"], me, conversation, name)} for row in rows
    ]
    return jsonify(offered)


@blueprint.get(SETTINGS)
@page
def show(me: Agent) -> ResponseReturnValue:
    """All of them by name."""
    with services().reading() as connection:
        rows = canned.by_name(connection, me.project_id, MOST_LISTED)
    return render_template("settings/canned.html", me=me, rows=rows)


@blueprint.get(f"{SETTINGS}/new")
@page
def begin(me: Agent) -> ResponseReturnValue:
    """An empty form."""
    require_manager(me, canned.FOR_MANAGERS)
    return _form(me, {})


@blueprint.post(SETTINGS)
@page
def create(me: Agent) -> ResponseReturnValue:
    """Make a canned reply."""
    require_manager(me, canned.FOR_MANAGERS)
    typed = _typed()
    try:
        wanted = valid(CannedReplyBody, typed)
        with services().statement() as writing:
            canned.create(writing.connection, me, wanted.shortcut, wanted.content)
    except Invalid as error:
        return _form(me, typed, errors=_faults(error)), 422
    flash(gettext("/%(name)s can be used from now on.", name=wanted.shortcut))
    return redirect(url_for("canned_page.show"))


@blueprint.get(f"{SETTINGS}/<int:number>")
@page
def edit(me: Agent, number: int) -> ResponseReturnValue:
    """One canned reply."""
    return _existing(me, bigint(str(number)))


@blueprint.post(f"{SETTINGS}/<int:number>")
@page
def save(me: Agent, number: int) -> ResponseReturnValue:
    """Save it, unless somebody else did since it was opened; nothing that was typed is lost."""
    require_manager(me, canned.FOR_MANAGERS)
    canned_id, typed = bigint(str(number)), _typed()
    try:
        wanted = valid(CannedReplyBody, typed)
        with services().statement() as writing:
            changes = {"shortcut": wanted.shortcut, "content": wanted.content}
            row = canned.edit(writing.connection, me, canned_id, changes, seen=forms.seen())
    except Invalid as error:
        return _existing(me, canned_id, typed, errors=_faults(error)), 422
    except StaleVersion:
        return _existing(me, canned_id, typed, overtaken=True), 409
    except NotFound:
        return _form(me, typed, gone=True), 409
    forms.saved(row)
    return redirect(url_for("canned_page.edit", number=canned_id))


@blueprint.post(f"{SETTINGS}/<int:number>/delete")
@page
def delete(me: Agent, number: int) -> ResponseReturnValue:
    """Forget it, unless somebody changed it since it was opened."""
    canned_id = bigint(str(number))

    def act() -> None:
        with services().statement() as writing:
            canned.delete(writing.connection, me, canned_id, seen=forms.seen())

    at, back = url_for("canned_page.edit", number=canned_id), url_for("canned_page.show")
    return forms.forget(act, gettext("The canned reply is deleted."), at=at, back=back)


def _typed() -> dict[str, str]:
    given = forms.typed("shortcut", "content")
    return given | {"shortcut": given["shortcut"].removeprefix("/").lower()}


def _faults(error: Invalid) -> dict[str, str]:
    told = {
        "shortcut": gettext("Give it a short name of letters, digits, - and _."),
        "content": gettext("Give it a text of 1 to %(most)s characters.", most=f"{MOST_CHARACTERS:,}"),
    }
    fields: dict[str, str] = error.extra["fields"]
    if fields.get("shortcut") == "is taken":
        told["shortcut"] = sentence_of(error)
    unknown = next(canned.unknown_names(forms.words("content")), None)
    if unknown is not None:
        told["content"] = gettext("There is no variable {{%(name)s}}: it would stay as it is.", name=unknown[:80])
    return {name: told.get(name, fault) for name, fault in fields.items()}


def _form(me: Agent, typed: dict[str, str], **more: Any) -> str:
    return render_template("settings/canned_reply.html", me=me, row=None, values=typed, names=canned.NAMES, **more)


def _existing(me: Agent, canned_id: int, typed: dict[str, str] | None = None, **more: Any) -> str:
    with services().reading() as connection:
        row = canned.find(connection, me.project_id, canned_id)
    return render_template(
        "settings/canned_reply.html", me=me, row=row, values=typed or row, names=canned.NAMES, **more
    )
