"""Whose project a request's page is: a tab goes on in its own, whichever one its agent went on to in another tab.

Owns reading that. A page says it with the token of its forms (inbox/compressing.py), its scripts with a header where
they only ask (static/js/own.js). Nobody comes into a project by it that they are no member of.
"""

from __future__ import annotations

from flask import g, request
from flask_babel import gettext
from sqlalchemy import Connection

from inbox import access, sessions
from inbox.access import Agent
from inbox.errors import NotFound
from inbox.pages import forms

HEADER = "X-Tandem-Project"


def of_page(connection: Connection, agent: Agent, token: str) -> Agent:
    """The agent in the project of the page that asks. Raises NotFound where they are in it no more.

    Where the answer is a page as well, the session goes along: it shows what became of the act.
    """
    project_id = _said()
    if project_id in (None, agent.project_id):
        return agent
    there = access.by_session(connection, token, project_id)
    if there is None:
        raise NotFound(gettext("You are not a member of that project any more."))
    if request.method == "POST" and request.headers.get("Sec-Fetch-Mode") == "navigate":
        sessions.switch(connection, there.id, token, there.project_id)
    return there


def _said() -> int | None:
    return forms.number(request.headers.get(HEADER) or g.get("page_project") or "")
