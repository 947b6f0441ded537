"""The colours of labels on pages: choosing one on the labels' page, and what templates ask for.

Owns that form and `label_colour`. Only managers choose.
"""

from __future__ import annotations

from flask import Blueprint, Flask, flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from inbox import label_colours
from inbox.access import Agent, require_manager
from inbox.api.asking import services, valid, wiring
from inbox.api.program_bodies import ColourBody
from inbox.label_colours import COLOURS
from inbox.pages.browser_session import page

blueprint = Blueprint("label_hues", __name__, url_prefix="/settings/labels")
NAMES = {
    "grey": lazy_gettext("Grey"),
    "red": lazy_gettext("Red"),
    "orange": lazy_gettext("Orange"),
    "yellow": lazy_gettext("Yellow"),
    "green": lazy_gettext("Green"),
    "blue": lazy_gettext("Blue"),
    "violet": lazy_gettext("Violet"),
    "pink": lazy_gettext("Pink"),
}
assert NAMES.keys() == set(COLOURS)


def register(app: Flask) -> None:
    """Add `label_colour(name)`, the colour of one of the reader's project's labels or None, and all their names."""
    app.jinja_env.globals["label_colour"] = label_colour
    app.jinja_env.globals["label_colour_names"] = NAMES
    app.register_blueprint(blueprint)


def label_colour(name: str) -> str | None:
    """Asked of the database once for each request."""
    if "label_colours" not in g:
        with services().reading() as connection:
            g.label_colours = label_colours.of_project(connection, g.reader.project_id)
    colour: str | None = g.label_colours.get(name)
    return colour


@blueprint.post("/colour")
@page
def paint(me: Agent) -> ResponseReturnValue:
    """Another colour, or none. A name that no conversation has yet is a label from then on."""
    require_manager(me, label_colours.FOR_MANAGERS)
    given = {"name": " ".join(request.form.get("name", "").split()), "colour": request.form.get("colour") or None}
    wanted = valid(ColourBody, given)
    with services().statement() as writing:
        label_colours.paint(writing.connection, me, wanted.name, wanted.colour)
    wiring().hub.wake()
    flash(gettext("Saved."))
    return redirect(url_for("labels_page.show"))
