"""The bar above the list that does one thing with all chosen conversations, and its undo."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, ngettext

from inbox import bulk
from inbox.access import Agent
from inbox.api.asking import bigint, valid, wiring
from inbox.api.bulk import BulkBody
from inbox.errors import InboxError, Invalid
from inbox.language import sentence_of
from inbox.pages.browser_session import page

blueprint = Blueprint("bulk_page", __name__)
CHOSEN = re.compile(r"([0-9]{1,18})(?::([0-9]{1,18}))?", re.ASCII)
LONGEST_SNOOZE_HOURS = 24 * 366


@blueprint.post("/bulk")
@page
def act(me: Agent) -> ResponseReturnValue:
    """Do it with the chosen ones. One that a colleague acted in since it was shown is left, and that is said."""
    chosen = [found for found in map(CHOSEN.fullmatch, request.form.getlist("chosen")) if found]
    epochs = {int(found[1]): int(found[2]) for found in chosen if found[2] is not None}
    try:
        wanted = valid(BulkBody, {"conversation_ids": [int(found[1]) for found in chosen], **_changes()})
        with wiring().services.statement() as writing:
            done = bulk.apply(writing.connection, me, wanted.conversation_ids, wanted.changes(), epochs=epochs)
    except InboxError as error:
        return _said(gettext("Nothing was changed"), sentence_of(error), status=422)
    wiring().hub.wake()
    return _said(_what_was_done(done, wanted.changes()), _what_was_left(done), act_id=done.id)


@blueprint.post("/bulk/<number>/undo")
@page
def undo(me: Agent, number: str) -> ResponseReturnValue:
    """Take it back, where nobody has gone on from it."""
    with wiring().services.statement() as writing:
        done = bulk.undo(writing.connection, me, bigint(number))
    wiring().hub.wake()
    left = len(done.unchanged)
    words = ngettext("%(num)d was left: it was changed since.", "%(num)d were left: they were changed since.", left)
    count = len(done.changed)
    return _said(
        ngettext("%(num)d conversation is as it was", "%(num)d conversations are as they were", count),
        words if left else "",
    )


def _changes() -> dict[str, Any]:
    """What the bar asks for, in the API's form."""
    form = request.form
    found: dict[str, Any] = {}
    if form.get("assignee"):
        found["assignee_id"] = None if form["assignee"] == "none" else _whole(form["assignee"])
    found |= {name: form[name] for name in ("status", "priority") if form.get(name)}
    hours = _whole(form.get("snooze", ""))
    if hours and hours <= LONGEST_SNOOZE_HOURS:
        until = datetime.now(UTC) + timedelta(hours=hours)
        found |= {"status": "snoozed", "snoozed_until": until.isoformat()}
    if form.get("snooze") == "own":
        found |= {"status": "snoozed", "snoozed_until": _moment(form.get("until", ""))}
    if form.get("label", "").strip():
        found["add_labels"] = [form["label"].strip()]
    return found


def _moment(text: str) -> str:
    """The moment that was chosen. Raises Invalid for none, or one that is over."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = datetime.min.replace(tzinfo=UTC)
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    if at <= datetime.now(UTC):
        raise Invalid(gettext("Choose a moment that is still to come."), fields={"until": "is in the past"})
    return at.isoformat()


def _whole(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text, re.ASCII) else 0


def _what_was_done(done: bulk.Done, changes: Mapping[str, Any]) -> str:
    """How many, and what became of them where it was one thing."""
    count = len(done.changed)
    match {name: value for name, value in changes.items() if name != "snoozed_until"}:
        case {"status": "solved", **more} if not more:
            return str(ngettext("%(num)d conversation solved", "%(num)d conversations solved", count))
        case {"status": "snoozed", **more} if not more:
            return str(ngettext("%(num)d conversation snoozed", "%(num)d conversations snoozed", count))
        case {"status": "spam", **more} if not more:
            return str(ngettext("%(num)d conversation is spam", "%(num)d conversations are spam", count))
        case {"assignee_id": int(), **more} if not more:
            return str(ngettext("%(num)d conversation assigned", "%(num)d conversations assigned", count))
        case {"add_labels": [_label], **more} if not more:
            return str(ngettext("%(num)d conversation labelled", "%(num)d conversations labelled", count))
    return str(ngettext("%(num)d conversation changed", "%(num)d conversations changed", count))


def _what_was_left(done: bulk.Done) -> str:
    if not done.left:
        return gettext("The others were so already.") if done.unchanged else ""
    who = ", ".join(sorted({one.by or gettext("somebody") for one in done.left}))
    words = ngettext(
        "%(num)d was left: %(who)s changed it meanwhile.",
        "%(num)d were left: %(who)s changed them meanwhile.",
        len(done.left),
        who=who,
    )
    return str(words)


def _said(title: str, words: str, *, act_id: int | None = None, status: int = 200) -> ResponseReturnValue:
    if request.headers.get("HX-Request"):
        return Response(render_template("parts/bulk_toast.html", title=title, words=words, act_id=act_id), status)
    flash(f"{title}. {words}".strip())
    shown: dict[str, Any] = {name: request.args[name] for name in ("view", "q", "saved") if name in request.args}
    return redirect(url_for("pages.inbox", **shown))
