"""An act that is done from the page of a conversation, and the parts of the page that show what became of it.

Owns what a click is answered with: the changed parts, and a word where it changed nothing. Must not decide who wins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from sqlalchemy import Connection

from inbox import as_seen, reading, walks, workflows
from inbox.access import Agent
from inbox.api.asking import wiring
from inbox.conversation import PRIORITIES, STATUSES
from inbox.errors import InboxError, NotFound, StaleClaim, StaleVersion
from inbox.language import sentence_of
from inbox.pages import forms, thread
from inbox.services import Writing

SHOWN_ENTRIES = 40
SHOWN_TURNS = 8
SHOWN_NOTES = 5


@dataclass(frozen=True)
class Owner:
    """A colleague who has the conversation that somebody claims; `version` is the one in which they have it."""

    id: int
    name: str
    since: datetime | None
    conversation_id: int
    version: int


@dataclass(frozen=True)
class Toast:
    """A word about what became of a click; `at` is when somebody else did what stands in its way."""

    title: str
    words: str
    at: Any = None
    owner: Owner | None = None


@dataclass(frozen=True)
class Undoable:
    """A word about an act that took a conversation out of one's way; `act_id` is what undoes it (inbox/bulk.py)."""

    title: str
    act_id: int


def perform(me: Agent, conversation_id: int, done: Callable[[Writing], Any]) -> ResponseReturnValue:
    """Do the act; the answer shows how everything stands then, and says if it lost, was refused or can be undone."""
    toast: Toast | Undoable | None = None
    try:
        with wiring().services.statement() as writing:
            outcome = done(writing)
            toast = outcome if isinstance(outcome, Undoable) else None
    except NotFound:
        raise
    except InboxError as error:
        toast = _toast(error)
    wiring().hub.wake()
    if request.headers.get("HX-Request"):
        return told(me, toast) if "from_list" in request.args else changed(me, conversation_id, toast)
    if isinstance(toast, Toast):
        flash(f"{toast.title}. {toast.words}")
    return redirect(url_for("pages.conversation", number=conversation_id))


def _toast(error: InboxError) -> Toast:
    if isinstance(error, StaleClaim) and "conversation" in error.extra:
        return _had(_owner(error))
    if isinstance(error, StaleClaim):
        return Toast(gettext("%(name)s was faster", name=error.extra["owner"]["name"]), sentence_of(error))
    if isinstance(error, StaleVersion) and "by" in error.extra:
        return Toast(gettext("%(name)s was faster", name=error.extra["by"]), sentence_of(error), error.extra.get("at"))
    return Toast(gettext("That was not done"), sentence_of(error))


def _owner(error: StaleClaim) -> Owner:
    now, owner = error.extra["conversation"], error.extra["owner"]
    since = datetime.fromisoformat(now["assigned_at"]) if now["assigned_at"] else None
    return Owner(owner["id"], owner["name"], since, now["id"], now["version"])


def _had(owner: Owner) -> Toast:
    """Who has it since when. `shown` is whom the page showed as its assignee: nobody was faster than who is seen."""
    shown = request.form.get("shown")
    faster = shown is not None and shown != str(owner.id)
    title = gettext("%(name)s was faster", name=owner.name) if faster else gettext("%(name)s has it", name=owner.name)
    return Toast(title, gettext("Nothing was changed."), owner=owner)


def patch_seen(writing: Writing, me: Agent, conversation_id: int, changes: Mapping[str, Any]) -> None:
    """Set the columns unless a colleague set them since the version that the form saw; without one, in any case."""
    seen = forms.number(request.form.get("seen", ""))
    as_seen.patch(writing.connection, me, conversation_id, changes, seen=seen)


def leave(writing: Writing, me: Agent, conversation_id: int, changes: Mapping[str, Any], title: str) -> Undoable | None:
    """As `patch_seen`, with a word by which it can be undone: the conversation may be out of sight now."""
    seen = forms.number(request.form.get("seen", ""))
    act_id = as_seen.patch_undoably(writing.connection, me, conversation_id, changes, seen=seen)
    return Undoable(title, act_id) if act_id else None


def told(me: Agent, toast: Toast | Undoable | None) -> ResponseReturnValue:
    """What stands in the way of an act on a row of the list; the row itself comes with its event."""
    words = render_template("parts/toast.html", toast=toast, me=me) if toast else ""
    return Response(words, 409 if toast else 200)


def changed(me: Agent, conversation_id: int, toast: Toast | Undoable | None = None) -> ResponseReturnValue:
    """What may have changed in an open conversation, and its messages after the id that the page asks from."""
    after = forms.number(request.args.get("after", ""))
    with wiring().services.reading() as connection:
        shown = pieces(connection, me, conversation_id)
        if after is not None:
            said = reading.messages(connection, conversation_id, after=after, limit=200)
            entry = forms.number(request.args.get("entry", ""))
            shown["thread"] = thread.thread(said, shown["timeline"], after_entry=entry)
    undoable = toast if isinstance(toast, Undoable) else None
    refused = toast if isinstance(toast, Toast) else None
    words = render_template("parts/pieces.html", toast=refused, undoable=undoable, me=me, **shown)
    return Response(words, 409 if refused else 200)


def pieces(connection: Connection, me: Agent, conversation_id: int) -> dict[str, Any]:
    """Everything about one conversation that its page shows beside the messages."""
    row = reading.conversation(connection, me.project_id, conversation_id)
    found = workflows.current(connection, me.project_id)
    orchestrated = reading.project(connection, me.project_id)["mode"] == "orchestrator"
    return {
        "row": row,
        "statuses": STATUSES,
        "priorities": PRIORITIES,
        "drafts": reading.drafts(connection, conversation_id, before=None, limit=20),
        "notes": reading.newest_notes(connection, conversation_id, SHOWN_NOTES),
        "timeline": walks.named(
            reading.newest_timeline(connection, conversation_id, SHOWN_ENTRIES), found["definition"] if found else {}
        ),
        "turns": reading.turns(connection, conversation_id, before=None, limit=SHOWN_TURNS),
        "walk": walks.walk(connection, row, found["definition"]) if found and orchestrated else None,
        "saw_at": wiring().company.saw_last_word(row),
        "progress": wiring().company.progress(conversation_id, row["live_turn"]),
        "given_up": None if row["live_turn"] else reading.given_up(connection, conversation_id),
        "thread": [],
        "members": reading.members(connection, me.project_id),
    }
