"""Editing a note in an open conversation, and any message as it stands now, for a page that shows it as it was.

Owns that form's answers. What changes with a note's words is inbox/note_edits.py's to know.
"""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from inbox import reading
from inbox.access import Agent
from inbox.api.asking import bigint, valid, wiring
from inbox.api.notes import put_words
from inbox.api.schemas import NoteBody
from inbox.errors import InboxError, NotFound
from inbox.language import sentence_of
from inbox.pages import forms
from inbox.pages.browser_session import page

blueprint = Blueprint("note_edits", __name__)


@blueprint.get("/conversations/<number>/messages/<message>")
@page
def show(me: Agent, number: str, message: str) -> ResponseReturnValue:
    """One message or note."""
    conversation_id, message_id = bigint(number), bigint(message)
    with wiring().services.reading() as connection:
        reading.require(connection, me.project_id, conversation_id)
        found = reading.messages(connection, conversation_id, after=message_id - 1, limit=1)
    if not found or found[0]["id"] != message_id:
        raise NotFound
    return render_template("parts/one_message.html", message=found[0])


@blueprint.post("/conversations/<number>/messages/<message>/edit")
@page
def edit(me: Agent, number: str, message: str) -> ResponseReturnValue:
    """Put the form's words into the note; the page's script puts the answer in its place, or says what is wrong."""
    conversation_id, message_id = bigint(number), bigint(message)
    try:
        wanted = valid(NoteBody, {"content": forms.words("content")})
        row = put_words(me, conversation_id, message_id, wanted.content)
    except NotFound:
        raise
    except InboxError as error:
        return Response(sentence_of(error), error.status, mimetype="text/plain")
    if request.headers.get("HX-Request"):
        return render_template("parts/one_message.html", message=row)
    return redirect(url_for("pages.conversation", number=conversation_id))
