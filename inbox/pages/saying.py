"""What an agent says in an open conversation: a reply or a note.

Owns its form. A page with its script sends each message under an id of its own, so that one whose answer was lost
can be sent again and is said once.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from inbox import acts, as_seen, mentions, unsent
from inbox.access import Agent
from inbox.api.asking import bigint, valid, wiring
from inbox.api.schemas import AgentMessageBody
from inbox.errors import InboxError
from inbox.idempotency import digest_of, once
from inbox.language import sentence_of
from inbox.pages import forms
from inbox.pages.browser_session import page
from inbox.pages.pieces import perform
from inbox.passing import Sign
from inbox.representation import moment
from inbox.services import Writing

blueprint = Blueprint("saying", __name__)


@blueprint.post("/conversations/<number>/say")
@page
def say(me: Agent, number: str) -> ResponseReturnValue:
    """A reply or a note."""
    conversation_id = bigint(number)
    if "send_id" in request.form:
        return _once(me, conversation_id)
    wanted = _wanted()
    return perform(me, conversation_id, lambda writing: _write(writing, me, conversation_id, wanted))


def _once(me: Agent, conversation_id: int) -> Response:
    """The same for the page's script, which shows the message before the answer is there."""
    try:
        wanted = _wanted()
        body = f"{wanted.private} {wanted.attachment_ids} {_solves()} {wanted.content}".encode("utf-8", "replace")
        place = f"page:{me.project_id}:{me.id}:say:{conversation_id}"
        said = wiring().services.together(
            lambda writing: once(
                writing.connection,
                place,
                request.form["send_id"],
                digest_of(body),
                lambda: (201, _write(writing, me, conversation_id, wanted)),
            )
        )
    except InboxError as error:
        told: dict[str, Any] = {name: error.extra[name] for name in ("owner", "at") if name in error.extra}
        return _answer({**told, "code": error.code, "message": sentence_of(error)}, error.status)
    if not said.replayed:
        _tell(me, conversation_id, said.body, wanted)
    return _answer(said.body, said.status)


def _write(writing: Writing, me: Agent, conversation_id: int, wanted: AgentMessageBody) -> dict[str, Any]:
    if wanted.private:
        row = acts.note(writing.connection, me, conversation_id, wanted.content, wanted.attachment_ids)
    else:
        row = acts.reply(writing.connection, me, conversation_id, wanted.content, wanted.attachment_ids, seen=_seen())
    unsent.clear(writing.connection, me, conversation_id)
    told = {"message_id": row["id"], "created_at": moment(row["created_at"]), "mentioned": mentions.of_note(row)}
    if not wanted.private and _solves():
        told["solved"] = as_seen.solve_answered(writing.connection, me, conversation_id, seen=_seen() or row["id"])
    return told


def _tell(me: Agent, conversation_id: int, said: dict[str, Any], wanted: AgentMessageBody) -> None:
    """The agent's other tabs forget the words, and who is mentioned hears of it."""
    cleared = {"conversation_id": conversation_id, "content": "", "kind": "public", "tab": request.form.get("tab", "")}
    wiring().company.tell(
        Sign(me.project_id, "unsent", cleared, conversation_id, me.id),
        *mentions.signs(me, conversation_id, wanted.content, said["mentioned"]),
    )


def _wanted() -> AgentMessageBody:
    content = forms.words("content")
    files = [bigint(one) for one in request.form.getlist("attachment")]
    private = request.form.get("kind") == "note"
    return valid(AgentMessageBody, {"content": content, "private": private, "attachment_ids": files})


def _seen() -> int | None:
    """The newest message that the writer had before their eyes."""
    return forms.number(request.form.get("seen_message", ""))


def _solves() -> bool:
    """Whether the words are meant to be the last."""
    return request.form.get("then") == "solve"


def _answer(body: dict[str, Any], status: int) -> Response:
    wiring().hub.wake()
    response = jsonify(body)
    response.status_code = status
    return response
