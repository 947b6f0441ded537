"""The demo visitor page with the chat widget."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from inbox import reading
from inbox.api.asking import services
from inbox.conversation import storable
from inbox.errors import NotFound
from inbox.settings import Settings

blueprint = Blueprint("visit", __name__)


@blueprint.get("/visit/<key>")
def visit(key: str) -> ResponseReturnValue:
    """The page of the project with this widget key."""
    with services().reading() as connection:
        project = reading.project_by_key(connection, key) if storable(key) else None
    if project is None:
        raise NotFound("There is no visitor page with this key.")
    return render_template("visit.html", project=project, offline=cast(Settings, current_app.config["TANDEM"]).offline)
