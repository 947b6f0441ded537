"""Who the visitor of an open conversation is, as an agent learns it: a name and an e-mail address.

Owns that form. Only what its writer changed is set, so that what the visitor says of themselves meanwhile stays.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox import reading, visitors
from inbox.access import Agent
from inbox.api.asking import bigint, valid
from inbox.api.program_bodies import VisitorChangesBody
from inbox.errors import Invalid
from inbox.pages import forms
from inbox.pages.browser_session import page
from inbox.pages.pieces import perform
from inbox.services import Writing

blueprint = Blueprint("naming", __name__)
FIELDS = ("name", "email")


@blueprint.post("/conversations/<number>/visitor")
@page
def visitor(me: Agent, number: str) -> ResponseReturnValue:
    """Set the visitor's name or address, or take it away with an empty field."""
    conversation_id = bigint(number)
    return perform(me, conversation_id, lambda writing: _visitor(writing, me, conversation_id))


def _visitor(writing: Writing, me: Agent, conversation_id: int) -> None:
    typed = {field: " ".join(words.split()) for field, words in forms.typed(*FIELDS).items()}
    changes: dict[str, Any] = {
        field: value or None for field, value in typed.items() if value != request.form.get(f"was_{field}", "")
    }
    if "@" not in (changes.get("email") or "@"):
        raise Invalid(gettext("That is no e-mail address."), fields={"email": "is none"})
    valid(VisitorChangesBody, {field: value for field, value in changes.items() if value})
    row = reading.conversation(writing.connection, me.project_id, conversation_id)
    visitors.edit(writing.connection, me, row["visitor"]["id"], changes)
