"""The inbox's pages and the acts behind their buttons. The same acts as the API's.

Owns the pages' routes. A button's answer is the changed parts of the page; without a script, a redirect back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from inbox import acts, drafts, first_steps, founding, needless, reading, team, unsent, visitors
from inbox.access import Agent
from inbox.api.asking import bigint, valid, wiring
from inbox.api.schemas import ConversationBody, DraftBody
from inbox.api.streams import stream
from inbox.errors import NotFound
from inbox.events import Scope
from inbox.first_steps import FirstSteps
from inbox.pages import browser_session, earlier, elsewhere, forms, listing, thread
from inbox.pages.browser_session import page
from inbox.pages.pieces import Undoable, changed, leave, patch_seen, perform, pieces
from inbox.pages.words import word
from inbox.services import Writing

blueprint = Blueprint("pages", __name__)
SHOWN_BESIDE = 6
OUT_OF_SIGHT = ("snoozed", "solved", "spam")  # statuses that take a conversation out of what one works through


@blueprint.get("/")
@page
def inbox(me: Agent) -> ResponseReturnValue:
    """The inbox without an open conversation."""
    around = _frame(me)
    return render_template("inbox.html", row=None, steps=_steps(me, around), **around)


@blueprint.get("/conversations/<number>")
@page
@elsewhere.leads
def conversation(me: Agent, number: str) -> ResponseReturnValue:
    """The inbox with one conversation open; looking at it marks nothing, its own request does."""
    conversation_id = bigint(number)
    with wiring().services.reading() as connection:
        if request.method == "HEAD":  # asked before the page is left: whether there is one to go to
            reading.require(connection, me.project_id, conversation_id)
            return ""
        shown = pieces(connection, me, conversation_id)
        said = earlier.part(connection, conversation_id, earlier.asked(), earlier.opened_at())
        shown["thread"] = thread.opened(said.messages, shown["timeline"])
        shown["earlier"] = said.earlier
        shown["at"] = earlier.opened_at()
        shown["newest_entry"] = thread.newest_entry(shown["timeline"])
        shown["unread_from"] = reading.unread_from(connection, conversation_id, shown["row"]["unread_count"])
        shown["unsent"] = unsent.find(connection, me, conversation_id)
        shown["beside"] = visitors.beside(connection, shown["row"], SHOWN_BESIDE)
        shown["labels"] = reading.labels(connection, me.project_id)
    return render_template("inbox.html", oob="", **(_frame(me) | shown))


@blueprint.get("/conversations/<number>/parts")
@page
def parts(me: Agent, number: str) -> ResponseReturnValue:
    """What may have changed in an open conversation, and its messages after an id."""
    return changed(me, bigint(number))


@blueprint.get("/events")
@page
def events(me: Agent) -> ResponseReturnValue:
    """The project's event stream for a signed-in page."""
    token = browser_session.session_token()

    def still_here() -> bool:
        stays = browser_session.is_signed_in(token, me.project_id)
        if stays:
            wiring().presence.beat(me.project_id, me.id)
        return stays

    watching = forms.number(request.args.get("open", ""))
    scope = Scope(me.project_id, reader_id=me.id, watching=watching)
    return stream(scope, still_here)


@blueprint.post("/conversations/<number>/acts/<act>")
@page
def act(me: Agent, number: str, act: str) -> ResponseReturnValue:
    """One act of the page's buttons."""
    done = ACTS.get(act)
    if done is None:
        raise NotFound("There is no such act.")
    conversation_id = bigint(number)
    return perform(me, conversation_id, lambda writing: done(writing, me, conversation_id))


@blueprint.post("/conversations/<number>/turns/<turn>/stop")
@page
def stop(me: Agent, number: str, turn: str) -> ResponseReturnValue:
    """Stop a turn."""
    conversation_id, turn_id = bigint(number), bigint(turn)
    return perform(me, conversation_id, lambda w: _stop(w, me, conversation_id, turn_id))


@blueprint.post("/conversations/<number>/drafts/<draft>/send")
@page
def send_draft(me: Agent, number: str, draft: str) -> ResponseReturnValue:
    """Send a parked reply, as it is or with an agent's words."""
    conversation_id, draft_id = bigint(number), bigint(draft)
    words = request.form.get("content")
    wanted = valid(DraftBody, {} if words is None else {"content": words.replace("\r\n", "\n")})
    return perform(
        me, conversation_id, lambda w: drafts.send(w.connection, me, conversation_id, draft_id, wanted.content)
    )


@blueprint.post("/conversations/<number>/drafts/<draft>/discard")
@page
def discard_draft(me: Agent, number: str, draft: str) -> ResponseReturnValue:
    """Discard a parked reply."""
    conversation_id, draft_id = bigint(number), bigint(draft)
    return perform(me, conversation_id, lambda w: drafts.discard(w.connection, me, conversation_id, draft_id))


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session."""
    return browser_session.close_session()


def _steps(me: Agent, around: Mapping[str, Any]) -> FirstSteps | None:
    """What a manager is told where the list is empty; a list with rows asks nothing more of the database."""
    if around["rows"] or around["kept"] or not me.is_manager:
        return None
    placed = wiring().places.newest(me.project_id) is not None
    with wiring().services.reading() as connection:
        return first_steps.find(connection, me, offline=around["offline"], placed=placed)


def _assign(writing: Writing, me: Agent, conversation_id: int) -> None:
    chosen = request.form.get("assignee", "")
    assignee = bigint(chosen) if chosen else None
    patch_seen(writing, me, conversation_id, {"assignee_id": assignee})


def _status(writing: Writing, me: Agent, conversation_id: int) -> Undoable | None:
    changes = valid(ConversationBody, {"status": request.form.get("status", "")}).changes()
    if changes["status"] in OUT_OF_SIGHT:
        return leave(writing, me, conversation_id, changes, word(changes["status"]))
    patch_seen(writing, me, conversation_id, changes)
    return None


def _nothing_to_answer(writing: Writing, me: Agent, conversation_id: int) -> None:
    needless.say(writing.connection, me, conversation_id, seen=forms.number(request.form.get("last", "")))


def _give_back(writing: Writing, me: Agent, conversation_id: int) -> None:
    writing.start_turn(acts.give_back(writing.connection, me, conversation_id).turn_id)


def _stop(writing: Writing, me: Agent, conversation_id: int, turn_id: int) -> None:
    writing.start_turn(acts.stop(writing.connection, me, conversation_id, turn_id)["started_turn"])


ACTS: dict[str, Callable[[Writing, Agent, int], Any]] = {
    "claim": lambda w, me, c: acts.claim(w.connection, me, c),
    "assign": _assign,
    "status": _status,
    "take-over": lambda w, me, c: acts.take_over(w.connection, me, c),
    "give-back": _give_back,
    "nothing-to-answer": _nothing_to_answer,
    "again": _give_back,  # a turn was stopped or failed
    "move": lambda w, me, c: acts.move_workflow(w.connection, me, c, request.form.get("node") or None),
    "restart": lambda w, me, c: acts.move_workflow(w.connection, me, c, None),
    "read": lambda w, me, c: acts.mark_read(w.connection, me, c),
}


def _frame(me: Agent) -> dict[str, Any]:
    """What every inbox page shows around the conversation."""
    position = wiring().hub.position(me.project_id)
    with wiring().services.reading() as connection:
        left = listing.frame(connection, me)
        members = reading.members(connection, me.project_id)
        project = reading.project(connection, me.project_id)
        mine = team.projects_of(connection, me.id)
    wiring().presence.beat(me.project_id, me.id)
    return {
        **left,
        "me": me,
        "members": members,
        "here": wiring().presence.here(me.project_id) | {me.id},
        "active": wiring().presence.active(me.project_id) | {me.id},
        "project": project,
        "projects": mine,
        "offline": wiring().settings.offline,
        "of_demo": me.is_manager and founding.is_of_demo(me),
        "position": position,
    }
