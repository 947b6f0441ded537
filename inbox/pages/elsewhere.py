"""A conversation of another project that its asker is in as well: which one, and the way there.

Owns that page. To everybody else such a conversation is as missing as one that never was:
tests/integration/test_own_project.py::test_a_conversation_of_another_project_of_mine
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from flask import render_template, request
from flask.typing import ResponseReturnValue

from inbox import team
from inbox.access import Agent
from inbox.api.asking import bigint, services
from inbox.errors import NotFound

View = Callable[[Agent, str], ResponseReturnValue]


def leads(view: View) -> View:
    """The conversation's page, or where it is not in the asker's project the page that leads to it."""

    @wraps(view)
    def led(me: Agent, number: str) -> ResponseReturnValue:
        try:
            return view(me, number)
        except NotFound:
            with services().reading() as connection:
                found = team.project_with(connection, me.id, bigint(number))
            if found is None:
                raise
            return render_template("elsewhere.html", project=found, number=number, at=request.args.get("at")), 404

    return led
