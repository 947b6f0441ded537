"""The agents' routes for notes beside those for all messages: putting other words into one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response

from inbox import mentions, note_edits, representation
from inbox.access import Agent
from inbox.api.answering import answer
from inbox.api.asking import agent_route, bigint, body, services, wiring
from inbox.api.schemas import NoteBody

blueprint = Blueprint("notes", __name__, url_prefix="/api/v1/conversations")


@blueprint.patch("/<number>/messages/<message>")
@agent_route
def edit(who: Agent, number: str, message: str) -> Response:
    """Put other words into a note that one wrote: `edited_at` says so, and who is mentioned anew is called."""
    conversation_id, message_id = bigint(number), bigint(message)
    content = body(NoteBody).content
    return answer(representation.message(put_words(who, conversation_id, message_id, content)))


def put_words(who: Agent, conversation_id: int, message_id: int, content: str) -> Mapping[Any, Any]:
    """Edit the note, and call whom it mentions anew. Raises NotFound, Forbidden and Invalid."""
    edited = services().together(lambda w: note_edits.edit(w.connection, who, conversation_id, message_id, content))
    wiring().hub.wake()
    wiring().company.tell(*mentions.signs(who, conversation_id, content, edited.called))
    return edited.message
