"""Putting a notice away that the inbox shows.

Owns that route. What is told, and to whom, is inbox/notices.py's.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from inbox import notices
from inbox.access import Agent
from inbox.api.asking import bigint, services
from inbox.pages.browser_session import page

blueprint = Blueprint("noticing", __name__)


@blueprint.post("/notices/<int:number>/dismiss")
@page
def dismiss(me: Agent, number: int) -> ResponseReturnValue:
    """Show it to me no more; back to where I was."""
    with services().statement() as writing:
        notices.dismiss(writing.connection, me, bigint(str(number)))
    return redirect(_back() or url_for("pages.inbox"))


def _back() -> str:
    """The page of ours that the browser was on, as far as it says so."""
    try:
        here = urlsplit(request.referrer or "")
    except ValueError:
        return ""
    return f"{here.path}?{here.query}" if here.netloc == request.host and not here.path.startswith("//") else ""
