"""Taking a message or note of an open conversation back, after its writer or a manager has said that they are sure.

Owns that form. What goes with a message is inbox/removing.py's to know.
"""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox.access import Agent
from inbox.api.asking import bigint
from inbox.api.conversations import take_back
from inbox.pages.browser_session import page

blueprint = Blueprint("removing", __name__)


@blueprint.post("/conversations/<number>/messages/<message>/remove")
@page
def message(me: Agent, number: str, message: str) -> ResponseReturnValue:
    """Remove it. The page's script shows that, as it does whoever removed it."""
    conversation_id, message_id = bigint(number), bigint(message)
    take_back(me, conversation_id, message_id)
    if request.headers.get("HX-Request"):
        return Response(status=204)
    flash(gettext("The message is removed."))
    return redirect(url_for("pages.conversation", number=conversation_id))
