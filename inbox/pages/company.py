"""What a page says of its reader while a conversation is open: that they look, type, or have words not sent yet.

Owns these small routes, which answer JSON to the page's scripts. Nothing here changes a conversation.
"""

from __future__ import annotations

import math
from typing import Any

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from inbox import acts, mentions, reading, representation, unsent
from inbox.access import Agent
from inbox.api.asking import bigint, wiring
from inbox.company import Doing
from inbox.conversation import MOST_CHARACTERS, storable
from inbox.errors import Invalid
from inbox.pages import forms
from inbox.pages.browser_session import page
from inbox.passing import Sign

blueprint = Blueprint("company", __name__)
DOINGS: dict[str, Doing] = {"viewing": "viewing", "typing": "typing", "left": "left"}
OLDEST_SECONDS = 30 * 86_400.0  # words that lay in a browser for longer count as this old


@blueprint.post("/conversations/<number>/here")
@page
def here(me: Agent, number: str) -> ResponseReturnValue:
    """The reader looks, types or leaves; answers who else is there. The visitor sees that one types `to` them."""
    conversation_id = bigint(number)
    with wiring().services.reading() as connection:
        reading.require(connection, me.project_id, conversation_id)
    doing = DOINGS.get(request.form.get("doing", ""), "viewing")
    if doing == "typing" and request.form.get("to") == "visitor":
        wiring().company.agent_types(me.project_id, conversation_id)
    return jsonify(people=wiring().company.come(me, conversation_id, doing))


@blueprint.post("/conversations/<number>/seen")
@page
def seen(me: Agent, number: str) -> ResponseReturnValue:
    """The reader has the newest messages before their eyes; a mention of them is seen with it."""
    conversation_id = bigint(number)
    with wiring().services.statement() as writing:
        was_unread = acts.mark_read(writing.connection, me, conversation_id).row["written"]
        was_called = mentions.see(writing.connection, me, conversation_id)
    if was_unread or was_called:
        wiring().company.tell(Sign(me.project_id, "seen", {"conversation_id": conversation_id}))
    return jsonify(changed=was_unread or was_called)


@blueprint.post("/active")
@page
def active(me: Agent) -> ResponseReturnValue:
    """The reader sits before the page: colleagues see them as here, and as away some minutes after the last word."""
    if wiring().presence.act(me.project_id, me.id):
        wiring().company.tell(Sign(me.project_id, "crew"))
    return jsonify({})


@blueprint.get("/parts/crew")
@page
def crew(me: Agent) -> ResponseReturnValue:
    """The team: who is here, away, or neither."""
    with wiring().services.reading() as connection:
        members = reading.members(connection, me.project_id)
    presence = wiring().presence
    shown = {"members": members, "here": presence.here(me.project_id), "active": presence.active(me.project_id)}
    return render_template("parts/crew.html", me=me, **shown)


@blueprint.post("/conversations/<number>/unsent")
@page
def keep(me: Agent, number: str) -> ResponseReturnValue:
    """Keep the reader's words; answers the newest, which may be those of another tab."""
    conversation_id, content = bigint(number), forms.words("content")
    if not storable(content) or len(content) > MOST_CHARACTERS:
        raise Invalid("These words cannot be kept.", fields={"content": "are too many, or cannot be stored"})
    kind: unsent.Kind = "note" if request.form.get("kind") == "note" else "public"
    with wiring().services.statement() as writing:
        row = unsent.keep(writing.connection, me, conversation_id, content, kind, age_seconds=_age())
    if row["kept"]:
        told = {**shown_words(row), "conversation_id": conversation_id, "tab": request.form.get("tab", "")[:64]}
        wiring().company.tell(Sign(me.project_id, "unsent", told, conversation_id, me.id))
    return jsonify(shown_words(row))


def shown_words(row: Any) -> dict[str, Any]:
    """Kept words as scripts take them."""
    return {"content": row["content"], "kind": row["kind"], "edited_at": representation.moment(row["edited_at"])}


def _age() -> float:
    try:
        age = float(request.form.get("age", "0"))
    except ValueError:
        return 0.0
    return min(age, OLDEST_SECONDS) if math.isfinite(age) else 0.0
