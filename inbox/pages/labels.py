"""The settings' page of labels: which there are, how often, and renaming, joining or removing one everywhere.

Owns its forms. Everybody sees the labels; only managers change them for all. A label that gets the name of another
becomes that one.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from inbox import labels
from inbox.access import Agent
from inbox.api.asking import services, valid, wiring
from inbox.api.program_bodies import LabelBody, RenameBody
from inbox.errors import Invalid
from inbox.pages.browser_session import page

blueprint = Blueprint("labels_page", __name__, url_prefix="/settings/labels")
SHOWN = 500
MOST_CALLS = 6  # of 500 conversations each: some seconds; the rest is told and sent again


@blueprint.get("")
@page
def show(me: Agent) -> ResponseReturnValue:
    """All labels with their counts; the page's script asks for them again when something changes."""
    with services().reading() as connection:
        rows = labels.listed(connection, me.project_id, limit=SHOWN)
    return render_template("settings/labels.html", me=me, rows=rows)


@blueprint.post("/rename")
@page
def rename(me: Agent) -> ResponseReturnValue:
    """Give a label another name wherever it is; the name of another joins the two."""
    new = " ".join(request.form.get("new_name", "").split())
    try:
        wanted = valid(RenameBody, {"name": request.form.get("name", ""), "new_name": new})
    except Invalid:
        flash(gettext("Nothing was changed: a label has 1 to 64 characters."))
    else:
        _everywhere(me, wanted.name, wanted.new_name)
    return redirect(url_for("labels_page.show"))


@blueprint.post("/remove")
@page
def remove(me: Agent) -> ResponseReturnValue:
    """Take a label off every conversation."""
    _everywhere(me, valid(LabelBody, {"name": request.form.get("name", "")}).name, None)
    return redirect(url_for("labels_page.show"))


def _everywhere(me: Agent, label: str, new: str | None) -> None:
    """Call after call until nothing is left, or this took long enough; says what became of it."""
    changed = 0
    for _call in range(MOST_CALLS):
        with services().statement() as writing:
            done = labels.relabel(writing.connection, me, label, new)
        changed += done.changed
        if not done.more:
            break
    wiring().hub.wake()
    said = ngettext("%(num)d conversation was changed.", "%(num)d conversations were changed.", changed)
    flash(said)
    if done.more:
        flash(gettext("More are left: do it again to go on."))
