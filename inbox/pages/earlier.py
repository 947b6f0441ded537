"""The part of a thread that a page opens with, and what was said before it: brought when somebody scrolls up to it.

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
from inbox.pages.browser_session import page

blueprint = Blueprint("earlier", __name__)
SHOWN_MESSAGES = 100
MOST_REACHED = 1000  # messages: a page that opens at an older one begins at its end like any other
BEFORE_IT = 10  # messages above the one that a page opens at, so that one sees what it answers


@dataclass(frozen=True)
class Part:
    """Messages, oldest first; `earlier` is the id before which there are more, None where there are none."""

    messages: list[reading.Row]
    earlier: int | None


def part(connection: Connection, conversation_id: int, before: int | None, at: int | None = None) -> Part:
    """The newest messages before this id, or of all; of all, so many that the one `at` which a page opens is there."""
    size = SHOWN_MESSAGES
    if at is not None and before is None:
        size = _reaching(reading.how_many_since(connection, conversation_id, at, MOST_REACHED))
    found = reading.newest_messages(connection, conversation_id, size + 1, before=before)
    shown = found[-size:]
    return Part(shown, shown[0]["id"] if len(found) > len(shown) else None)


def _reaching(since: int) -> int:
    return SHOWN_MESSAGES if since >= MOST_REACHED else max(SHOWN_MESSAGES, since + BEFORE_IT)


def asked() -> int | None:
    """The id before which the asker wants to read."""
    return forms.number(request.args.get("before", ""))


def opened_at() -> int | None:
    """The id of the message that the asker wants to see first: one that a search found."""
    return forms.number(request.args.get("at", ""))


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
