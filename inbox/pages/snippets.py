"""The snippets' pages: search, make, edit, forget, import, and what each was used for.

Owns their forms. Everybody reads them; only managers get the controls, and only managers' posts are done.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from inbox import importing, snippets
from inbox.access import Agent, require_manager
from inbox.api.asking import bigint, services, valid
from inbox.api.fields import MOST_TITLE_CHARACTERS
from inbox.api.paging import before_id, cursor_behind
from inbox.api.schemas import SnippetBody
from inbox.conversation import MOST_CHARACTERS, storable
from inbox.errors import Invalid, NotFound, StaleVersion
from inbox.importing import Problem
from inbox.pages import forms
from inbox.pages.browser_session import page
from inbox.snippets import Planned

blueprint = Blueprint("snippets_page", __name__, url_prefix="/settings/snippets")
LISTED = 50
SHOWN_USES = 20
FAULTS = {
    "title": lazy_gettext("Give it a title of 1 to %(most)s characters.", most=MOST_TITLE_CHARACTERS),
    "content": lazy_gettext("Give it a text of 1 to %(most)s characters.", most=MOST_CHARACTERS),
}


@blueprint.get("")
@page
def show(me: Agent) -> ResponseReturnValue:
    """The snippets that hold the words looked for, newest first."""
    words = request.args.get("q", "").strip()[:200]
    rows: list[Any] = []
    if storable(words):
        with services().reading() as connection:
            rows = snippets.listed(connection, me.project_id, before=before_id(), words=words, limit=LISTED + 1)
    more = cursor_behind(rows, LISTED)
    return render_template("settings/snippets.html", me=me, rows=rows[:LISTED], words=words, more=more)


@blueprint.get("/new")
@page
def begin(me: Agent) -> ResponseReturnValue:
    """An empty form."""
    require_manager(me, snippets.FOR_MANAGERS)
    return _form(me, {})


@blueprint.post("")
@page
def create(me: Agent) -> ResponseReturnValue:
    """Make a snippet."""
    require_manager(me, snippets.FOR_MANAGERS)
    typed = forms.typed("title", "content")
    try:
        wanted = valid(SnippetBody, typed)
        with services().statement() as writing:
            row = snippets.create(writing.connection, me, wanted.title, wanted.content)
    except Invalid as error:
        return _form(me, typed, errors=_faults(error)), 422
    flash(gettext("“%(title)s” is known from now on.", title=row["title"]))
    return redirect(url_for("snippets_page.show"))


@blueprint.get("/<int:number>")
@page
def edit(me: Agent, number: int) -> ResponseReturnValue:
    """One snippet with the replies that rest on it."""
    return _snippet(me, bigint(str(number)))


@blueprint.post("/<int:number>")
@page
def save(me: Agent, number: int) -> ResponseReturnValue:
    """Save a snippet, unless somebody else did since it was opened; nothing that was typed is lost."""
    require_manager(me, snippets.FOR_MANAGERS)
    snippet_id, typed = bigint(str(number)), forms.typed("title", "content")
    try:
        wanted = valid(SnippetBody, typed)
        with services().statement() as writing:
            changes = {"title": wanted.title, "content": wanted.content}
            row = snippets.edit(writing.connection, me, snippet_id, changes, seen=forms.seen())
    except Invalid as error:
        return _snippet(me, snippet_id, typed, errors=_faults(error)), 422
    except StaleVersion:
        return _snippet(me, snippet_id, typed, overtaken=True), 409
    except NotFound:
        return _form(me, typed, gone=True), 409
    forms.saved(row)
    return redirect(url_for("snippets_page.edit", number=snippet_id))


@blueprint.post("/<int:number>/delete")
@page
def delete(me: Agent, number: int) -> ResponseReturnValue:
    """Forget a snippet, unless somebody changed it since it was opened."""
    snippet_id = bigint(str(number))

    def act() -> None:
        with services().statement() as writing:
            snippets.delete(writing.connection, me, snippet_id, seen=forms.seen())

    at, back = url_for("snippets_page.edit", number=snippet_id), url_for("snippets_page.show")
    return forms.forget(
        act, gettext("The snippet is deleted. Replies that cited it stay as they are."), at=at, back=back
    )


@blueprint.get("/import")
@page
def choose(me: Agent) -> ResponseReturnValue:
    """Where a file is chosen or text is pasted."""
    require_manager(me, snippets.FOR_MANAGERS)
    return _import(me, "")


@blueprint.post("/import")
@page
def bring_in(me: Agent) -> ResponseReturnValue:
    """First what the import would do, by line; then, once that was seen and still holds, the import."""
    require_manager(me, snippets.FOR_MANAGERS)
    text, name, problem = _given()
    sections, problems = ([], [problem]) if problem else importing.read(text, name=name)
    with services().transaction() as writing:
        snippets.import_alone(writing.connection, me.project_id)
        planned = snippets.plan(writing.connection, me.project_id, sections)
        seen = request.form.get("seen", "")
        if seen != _fingerprint(planned) or not any(one.what in {"new", "changed"} for one in planned):
            return _import(me, text, name, planned, problems, overtaken=bool(seen)), 200 if planned else 422
        made, changed = snippets.bring_in(writing.connection, me, planned)
    flash(gettext("Imported: %(made)s new, %(changed)s changed.", made=made, changed=changed))
    return redirect(url_for("snippets_page.show"))


def _given() -> tuple[str, str, Problem | None]:
    """The file's or the form's text, the file's name, and what is wrong with it as a whole."""
    file = request.files.get("file")
    if file is None or not file.filename:
        return forms.words("text"), request.form.get("name", "")[:200], None
    try:
        return file.read().decode("utf-8-sig"), file.filename[:200], None
    except UnicodeDecodeError:
        problem = Problem(1, "The file is no UTF-8 text. Save it as UTF-8 and choose it again.")
        return "", file.filename[:200], problem


def _fingerprint(planned: list[Planned]) -> str:
    """What was shown, so that an import does that and nothing else."""
    return hashlib.sha256(json.dumps([asdict(one) for one in planned]).encode("utf-8", "replace")).hexdigest()


def _import(
    me: Agent,
    text: str,
    name: str = "",
    planned: list[Planned] | None = None,
    problems: list[Problem] | None = None,
    *,
    overtaken: bool = False,
) -> str:
    planned = planned or []
    counts = {what: sum(one.what == what for one in planned) for what in ("new", "changed", "same", "unclear")}
    return render_template(
        "settings/import.html",
        me=me,
        text=text if storable(text) else "",
        name=name,
        planned=planned,
        problems=problems or [],
        counts=counts,
        seen=_fingerprint(planned),
        overtaken=overtaken,
        most=importing.MOST_FILE_BYTES // 1000,
        most_sections=importing.MOST_SECTIONS,
    )


def _faults(error: Invalid) -> dict[str, str]:
    return {name: str(FAULTS.get(name, fault)) for name, fault in error.extra["fields"].items()}


def _form(me: Agent, typed: dict[str, str], **more: Any) -> str:
    return render_template("settings/snippet.html", me=me, row=None, values=typed, **more)


def _snippet(me: Agent, snippet_id: int, typed: dict[str, str] | None = None, **more: Any) -> str:
    with services().reading() as connection:
        row = snippets.find(connection, me.project_id, snippet_id)
        before = before_id() if request.method == "GET" else None
        uses = snippets.uses(connection, me.project_id, snippet_id, before=before, limit=SHOWN_USES + 1)
    earlier = cursor_behind(uses, SHOWN_USES)
    values = {**row, **(typed or {})}
    return render_template(
        "settings/snippet.html", me=me, row=row, values=values, uses=uses[:SHOWN_USES], earlier=earlier, **more
    )
