"""The left half of the inbox: its views, the list, and what is searched for in it.

Owns the routes of those parts and of saved views, and what every inbox page shows of them (`frame`). The list's state
is its address: `view`, `q` and `sort`, or `saved`, so that it can be sent to a colleague.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection

from inbox import (
    counts,
    list_rows,
    listed_words,
    mentions,
    model_faults,
    notices,
    representation,
    saved_views,
    search,
    views,
)  # fmt: skip
from inbox.access import Agent
from inbox.api.asking import bigint, valid, wiring
from inbox.api.filters import cursor_at, decode_position
from inbox.api.program_bodies import SavedViewBody, SavedViewChangesBody
from inbox.conversation import storable
from inbox.list_rows import Listed
from inbox.listed import Filter, Sort
from inbox.listed_words import MOST_MATCHES, Match
from inbox.pages.browser_session import page
from inbox.saying import said
from inbox.search import Search
from inbox.views import View

blueprint = Blueprint("listing", __name__)
LISTED = 50
LATEST_US = 10**17  # microseconds, of the year 5138
MOST_CHANGED = 50  # rows that are asked for at once when events come
HAND_OFF_REASONS = (
    "visitor_asked", "asked", "no_answer", "model_failed", "model_timeout", "bad_decision", "cycle", "spend_cap",
    "attempts",
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """What the list shows: a view, what is searched for in it, and the saved view that says both, if one does."""

    view: View
    q: str = ""
    saved: Mapping[Any, Any] | None = None
    sort: Sort = "newest"
    found: Mapping[int, Match] | None = None  # of a search: the message that matched, by conversation

    @property
    def name(self) -> str:
        """As the page's head says it."""
        return str(self.saved["name"]) if self.saved else said(self.view.name)

    @cached_property
    def params(self) -> dict[str, Any]:
        """Its part of an address."""
        return self._params(self.sort)

    @cached_property
    def turned(self) -> dict[str, Any]:
        """That of the same in the other order."""
        return self._params("newest" if self.sort == "waiting" else "waiting")

    def _params(self, sort: Sort) -> dict[str, Any]:
        usual = self.saved["sort"] if self.saved else "newest"
        ordered = {"sort": sort} if sort != usual else {}
        if self.saved:
            return {"saved": self.saved["id"], **ordered}
        return {"view": self.view.key, **({"q": self.q} if self.q else {}), **ordered}

    def place(self, row: Listed) -> str:
        """A row's place in the order of the list: the greater text comes first."""
        active = representation.moment(row.active_at) or ""
        if self.sort == "newest":
            return active
        if row.waits_since is None:
            return f"0 {active}"
        return f"1 {LATEST_US - round(row.waits_since.timestamp() * 1_000_000):020d}"

    @cached_property
    def search(self) -> Search:
        """What is searched for."""
        return search.parse(self.q)

    def address(self, conversation_id: int) -> str:
        """Of one of its conversations, with the list as it is beside it; of a search, at the message that was found."""
        before, behind = self._addresses
        match = (self.found or {}).get(conversation_id)
        return f"{before}{conversation_id}{behind}{f'&at={match.message_id}' if match else ''}"

    @cached_property
    def _addresses(self) -> tuple[str, str]:
        before, _, behind = url_for("pages.conversation", number="NUMBER", **self.params).partition("NUMBER")
        return before, behind

    @property
    def misread(self) -> tuple[str, ...]:
        """What was typed as an operator and is none."""
        return search.misread(self.search)

    def filter(self, who: Agent) -> Filter:
        """Which conversations that is."""
        return replace(views.searched(self.view, self.q, who), sort=self.sort)


@blueprint.get("/parts/rows")
@page
def rows(me: Agent) -> ResponseReturnValue:
    """The rows after a cursor: what scrolling asks for."""
    with wiring().services.reading() as connection:
        shown = asked(connection, me)
        found, more = _rows(connection, me, shown)
        shown = _with_matches(connection, me, shown, found)
    return render_template("parts/rows.html", rows=found, more=more, shown=shown, open=request.args.get("open"))


@blueprint.get("/parts/changed")
@page
def changed(me: Agent) -> ResponseReturnValue:
    """Of the conversations that something happened in those that the list shows, as rows."""
    ids = [bigint(one) for one in request.args.get("ids", "").split(",")[:MOST_CHANGED] if one]
    with wiring().services.reading() as connection:
        shown = asked(connection, me)
        found = list_rows.shown(connection, me.project_id, replace(shown.filter(me), only=ids)) if ids else []
        shown = _with_matches(connection, me, shown, found)
    return render_template("parts/rows.html", rows=found, more=None, shown=shown, open=request.args.get("open"))


@blueprint.get("/parts/views")
@page
def list_views(me: Agent) -> ResponseReturnValue:
    """The views with their figures."""
    with wiring().services.reading() as connection:
        parts = _views(connection, me, asked(connection, me))
    wiring().presence.beat(me.project_id, me.id)
    return render_template("parts/views.html", **parts)


@blueprint.post("/saved-views")
@page
def save_view(me: Agent) -> ResponseReturnValue:
    """Save what the list shows under a name."""
    form = request.form
    given = {"name": form.get("name", ""), "view": views.named(form.get("view")).key, "search": _typed(form.get("q"))}
    given["sort"] = form.get("sort", "newest")
    wanted = valid(SavedViewBody, {**given, "shared": form.get("shared") == "yes"})
    with wiring().services.statement() as writing:
        made = saved_views.create(writing.connection, me, **wanted.model_dump())
    return redirect(url_for("pages.inbox", saved=made["id"]))


@blueprint.post("/saved-views/<number>/rename")
@page
def rename_view(me: Agent, number: str) -> ResponseReturnValue:
    """Give a saved view another name, or the order that one sees it in."""
    view_id = bigint(number)
    given = {name: request.form[name] for name in ("name", "sort") if name in request.form}
    changes = valid(SavedViewChangesBody, given).changes()
    with wiring().services.statement() as writing:
        saved_views.edit(writing.connection, me, view_id, changes)
    return redirect(url_for("pages.inbox", saved=view_id))


@blueprint.post("/saved-views/<number>/delete")
@page
def delete_view(me: Agent, number: str) -> ResponseReturnValue:
    """Forget a saved view; its conversations stay as they are."""
    with wiring().services.statement() as writing:
        saved_views.delete(writing.connection, me, bigint(number))
    flash(gettext("The view was deleted. Its conversations are as they were."))
    return redirect(url_for("pages.inbox"))


def frame(connection: Connection, me: Agent) -> dict[str, Any]:
    """What every inbox page shows of its left half."""
    shown = asked(connection, me)
    # A browser that has the list goes on with its own: most of such a page's time would be in rows that nobody sees.
    kept = "kept" in request.args
    found, more = ([], None) if kept else _rows(connection, me, shown)
    shown = _with_matches(connection, me, shown, found)
    of_rows = {"rows": found, "more": more, "reasons": HAND_OFF_REASONS, "most_matches": MOST_MATCHES}
    return of_rows | {"kept": kept, **_views(connection, me, shown)}


def asked(connection: Connection, me: Agent) -> Shown:
    """What the request's address asks the list to show. Raises NotFound for a saved view that is not there."""
    number = request.args.get("saved")
    if number:
        saved = saved_views.find(connection, me, bigint(number))
        view = views.named(saved["view"])
        return Shown(view, saved["search"], saved, _sort(view, saved["sort"]))
    view = views.named(request.args.get("view"))
    return Shown(view, _typed(request.args.get("q")), sort=_sort(view, "newest"))


def _sort(view: View, usual: Sort) -> Sort:
    """The order that the address asks for, or the usual one; where nobody can wait, the newest is first."""
    given = request.args.get("sort", usual)
    return "waiting" if given == "waiting" and view.can_wait else "newest"


def _typed(q: str | None) -> str:
    words = (q or "").strip()[: search.MOST_CHARACTERS]
    return words if storable(words) else ""


def _rows(connection: Connection, me: Agent, shown: Shown) -> tuple[list[Listed], str | None]:
    """A page of rows, and the cursor of the next."""
    found = list_rows.shown(connection, me.project_id, decode_position(shown.filter(me), LISTED + 1))
    if len(found) <= LISTED:
        return found, None
    last = found[LISTED - 1]
    return found[:LISTED], cursor_at(shown.sort, last.id, last.active_at, last.waits_since)


def _with_matches(connection: Connection, me: Agent, shown: Shown, found: Sequence[Listed]) -> Shown:
    terms = shown.search.terms
    if not terms or not found:
        return shown
    return replace(shown, found=listed_words.matches(connection, me.project_id, [row.id for row in found], terms))


def _views(connection: Connection, me: Agent, shown: Shown) -> dict[str, Any]:
    saved = []
    for row in saved_views.visible(connection, me):
        wanted = Shown(views.named(row["view"]), row["search"]).filter(me)
        saved.append({**row, "count": saved_views.count(connection, me.project_id, wanted)})
    figures = counts.kept(connection, me.project_id, me.id) | mentions.unseen(connection, me)
    told = {"notices": notices.listed(connection, me), "model_fault": model_faults.found(connection, me)}
    return {"views": views.counted(figures), "saved_views": saved, "shown": shown, "me": me, **told}
