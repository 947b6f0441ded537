"""The settings page: managers change how the responder works, others read it."""

from __future__ import annotations

from typing import cast

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from inbox import projects, reading
from inbox.access import Agent
from inbox.api.asking import services, valid
from inbox.api.schemas import ProjectBody
from inbox.pages.signing_in import page
from inbox.settings import Settings


@page
def show(me: Agent) -> ResponseReturnValue:
    """The project's settings."""
    with services().reading() as connection:
        project = reading.project(connection, me.project_id)
    offline = cast(Settings, current_app.config["TANDEM"]).offline
    return render_template("settings/responder.html", me=me, project=project, offline=offline)


@page
def save(me: Agent) -> ResponseReturnValue:
    """Save all fields of the form."""
    form = request.form
    given = {name: form.get(name, "").replace("\r\n", "\n") for name in projects.COLUMNS if name in form}
    changes = valid(ProjectBody, {**given, "responder_enabled": "responder_enabled" in form}).changes()
    with services().statement() as writing:
        projects.change(writing.connection, me, changes)
    flash("Saved.")
    return redirect(url_for("pages.settings"))
