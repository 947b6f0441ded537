"""What the visitor of an open conversation may ask for of their data: a copy of it, or that it be gone.

Owns those two forms. What goes with a visitor is inbox/visitors.py's to know, what is copied inbox/visitor_copy.py's.
"""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox import reading
from inbox.access import Agent, require_manager
from inbox.api.asking import bigint, services
from inbox.api.visitors import copied, forget
from inbox.errors import Invalid
from inbox.pages.browser_session import page
from inbox.pages.words import visitor_name
from inbox.visitors import FOR_MANAGERS

blueprint = Blueprint("erasing", __name__)


@blueprint.post("/conversations/<number>/visitor/erase")
@page
def visitor(me: Agent, number: str) -> ResponseReturnValue:
    """Erase them with every word and file; to the inbox, for there is no conversation any more."""
    conversation_id = bigint(number)
    with services().reading() as connection:
        row = reading.conversation(connection, me.project_id, conversation_id)
    require_manager(me, FOR_MANAGERS)
    if request.form.get("sure") != "yes":
        raise Invalid(gettext("Say first that you are sure: it cannot be undone."), fields={"sure": "is needed"})
    forget(me, row["visitor"]["id"])
    flash(gettext("%(name)s is erased, with every word and file.", name=visitor_name(row["visitor"])))
    return redirect(url_for("pages.inbox"))


@blueprint.post("/conversations/<number>/visitor/copy")
@page
def copy(me: Agent, number: str) -> ResponseReturnValue:
    """All that is kept of them, as a file."""
    with services().reading() as connection:
        row = reading.conversation(connection, me.project_id, bigint(number))
    return copied(me, row["visitor"]["id"])
