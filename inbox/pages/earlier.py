"""What was said before the part of a thread that a page opens with: brought when somebody scrolls up to it.

Owns a part's size and where the next earlier one begins. Must not decide how it looks (inbox/pages/thread.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from inbox import reading
from inbox.access import Agent
from inbox.api.asking import bigint, wiring
from inbox.pages import forms, thread
from inbox.pages.signing_in import page

blueprint = Blueprint("earlier", __name__)
SHOWN_MESSAGES = 100


@dataclass(frozen=True)
class Part:
    """Messages, oldest first; `earlier` is the id before which there are more, None where there are none."""

    messages: list[reading.Row]
    earlier: int | None


def part(connection: Connection, conversation_id: int, before: int | None) -> Part:
    """The newest messages before this id, or of all."""
    found = reading.newest_messages(connection, conversation_id, SHOWN_MESSAGES + 1, before=before)
    shown = found[-SHOWN_MESSAGES:]
    return Part(shown, shown[0]["id"] if len(found) > len(shown) else None)


def asked() -> int | None:
    """The id before which the asker wants to read."""
    return forms.number(request.args.get("before", ""))


@blueprint.get("/conversations/<number>/earlier")
@page
def show(me: Agent, number: str) -> ResponseReturnValue:
    """An earlier part of the thread, to be put above the one that is shown."""
    conversation_id = bigint(number)
    with wiring().services.reading() as connection:
        reading.require(connection, me.project_id, conversation_id)
        found = part(connection, conversation_id, asked())
    shown: dict[str, Any] = {"earlier": found.earlier, "number": conversation_id}
    return render_template("parts/earlier.html", thread=thread.earlier(found.messages), **shown)
