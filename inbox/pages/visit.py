"""The demo visitor page: a page of the project's own with the chat widget on it, the same code as on other sites."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from inbox.pages.widget_page import found_project, shown

blueprint = Blueprint("visit", __name__)


@blueprint.get("/visit/<key>")
def visit(key: str) -> ResponseReturnValue:
    """The page of the project with this widget key."""
    return render_template("visit.html", **shown(found_project(key)))
