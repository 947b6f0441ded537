"""What an agent sets in an open conversation: labels, priority, snooze, attributes.

Owns the forms of the header and the side panel. The acts are the API's; what a colleague set meanwhile stands.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox import as_seen
from inbox.access import Agent
from inbox.api.asking import bigint, valid
from inbox.api.schemas import ConversationBody
from inbox.errors import Invalid
from inbox.pages.browser_session import page
from inbox.pages.pieces import Undoable, leave, patch_seen, perform
from inbox.services import Writing

blueprint = Blueprint("talking", __name__)
LONGEST_NAME, LONGEST_VALUE = 64, 320  # characters
# For a page without its script; with it, the script sends moments of the reader's own zone.
PRESETS = {"hour": timedelta(hours=1), "later": timedelta(hours=4), "day": timedelta(days=1), "week": timedelta(days=7)}


@blueprint.post("/conversations/<number>/labels")
@page
def label(me: Agent, number: str) -> ResponseReturnValue:
    """Put one label on, or take one off."""
    conversation_id = bigint(number)
    return perform(me, conversation_id, lambda writing: _label(writing, me, conversation_id))


@blueprint.post("/conversations/<number>/priority")
@page
def priority(me: Agent, number: str) -> ResponseReturnValue:
    """Set the priority."""
    conversation_id = bigint(number)
    return perform(me, conversation_id, lambda writing: _priority(writing, me, conversation_id))


@blueprint.post("/conversations/<number>/snooze")
@page
def snooze(me: Agent, number: str) -> ResponseReturnValue:
    """Snooze until a moment; it wakes by itself (inbox/rules.py)."""
    conversation_id = bigint(number)
    return perform(me, conversation_id, lambda writing: _snooze(writing, me, conversation_id))


@blueprint.post("/conversations/<number>/attributes")
@page
def attribute(me: Agent, number: str) -> ResponseReturnValue:
    """Set one custom attribute, or remove it with an empty value."""
    conversation_id = bigint(number)
    return perform(me, conversation_id, lambda writing: _attribute(writing, me, conversation_id))


def _label(writing: Writing, me: Agent, conversation_id: int) -> None:
    add, remove = _line("add"), _line("remove")
    valid(ConversationBody, {"labels": [add or remove]})
    as_seen.label(writing.connection, me, conversation_id, add=add, remove=remove)


def _priority(writing: Writing, me: Agent, conversation_id: int) -> None:
    changes = valid(ConversationBody, {"priority": _line("priority")}).changes()
    patch_seen(writing, me, conversation_id, changes)


def _snooze(writing: Writing, me: Agent, conversation_id: int) -> Undoable | None:
    until, now = _line("until"), datetime.now(UTC)
    if until in PRESETS:
        until = (now + PRESETS[until]).isoformat()
    changes = valid(ConversationBody, {"status": "snoozed", "snoozed_until": until}).changes()
    if changes["snoozed_until"] <= now:
        raise Invalid(gettext("Choose a moment that is still to come."), fields={"until": "is in the past"})
    return leave(writing, me, conversation_id, changes, gettext("Snoozed"))


def _attribute(writing: Writing, me: Agent, conversation_id: int) -> None:
    name, value = _line("name")[:LONGEST_NAME], _line("value")[:LONGEST_VALUE]
    if not name:
        raise Invalid(gettext("Give the attribute a name."), fields={"name": "is blank"})
    changes = valid(ConversationBody, {"custom_attributes": {name: value or None}}).changes()
    patch_seen(writing, me, conversation_id, changes)


def _line(field: str) -> str:
    return " ".join(request.form.get(field, "").split())
