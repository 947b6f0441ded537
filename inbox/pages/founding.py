"""Making a project on a page: one beside those that there are, and the first of an installation.

Owns the form, and who sees the way to it. Whoever makes a project leads it. Whoever looks at the demo is somebody else:
the page asks them who.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Flask, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from inbox import access, founding, passwords, sessions
from inbox.access import Agent, require_manager
from inbox.api.asking import services, wiring
from inbox.conversation import storable
from inbox.errors import Forbidden, Invalid, NotFound
from inbox.limits import limited_passwords
from inbox.pages import browser_session, forms
from inbox.pages.browser_session import page, session_token

blueprint = Blueprint("founding", __name__)


def register(app: Flask) -> None:
    """Add `may_make_projects()` to the templates."""
    app.jinja_env.globals["may_make_projects"] = may_make_projects


def may_make_projects(me: Agent) -> bool:
    """Whether they may make one more here: TANDEM_NEW_PROJECTS keeps that to whoever runs Tandem."""
    return me.is_manager and wiring().settings.new_projects


@blueprint.get("/projects/new")
@page
def begin(me: Agent) -> ResponseReturnValue:
    """The form for one more project."""
    _require(me)
    return _page(me)


@blueprint.post("/projects/new")
@limited_passwords
@page
def make(me: Agent) -> ResponseReturnValue:
    """Make it, and go on in it."""
    _require(me)
    typed = forms.typed("project", "name", "email")
    try:
        with services().transaction() as writing:
            if founding.is_of_demo(me):
                agent_id, project_id = founding.found_with_lead(writing.connection, **_lead(typed))
            else:
                agent_id, project_id = me.id, founding.found(writing.connection, me, typed["project"])
                sessions.switch(writing.connection, me.id, session_token(), project_id)
    except Invalid as error:
        return _page(me, typed, error.extra["fields"]), 422
    if agent_id == me.id:
        return redirect(url_for("pages.inbox"))
    return browser_session.enter(agent_id, project_id, stays=True, how="password")


@blueprint.get("/begin/<token>")
def first(token: str) -> ResponseReturnValue:
    """The form for the first project, for whoever was told this address."""
    return _first()


@blueprint.post("/begin/<token>")
@limited_passwords
def make_first(token: str) -> ResponseReturnValue:
    """Make the first project, and let in who leads it."""
    if not founding.is_first_path(request.path, str(current_app.secret_key)):
        return _first()
    typed = forms.typed("project", "name", "email")
    try:
        with services().transaction() as writing:
            agent_id, project_id = founding.found_first(writing.connection, **_lead(typed))
    except NotFound:
        return _first()
    except Invalid as error:
        return _page(None, typed, error.extra["fields"]), 422
    return browser_session.enter(agent_id, project_id, stays=True, how="password")


def _require(me: Agent) -> None:
    require_manager(me, founding.FOR_MANAGERS)
    if not may_make_projects(me):
        raise Forbidden(founding.FOR_WHO_RUNS_IT)


def _first() -> ResponseReturnValue:
    with services().reading() as connection:
        is_open = founding.is_empty(connection)
    if is_open and founding.is_first_path(request.path, str(current_app.secret_key)):
        return _page(None)
    return render_template("new_project.html", over=True), 404


def _lead(typed: Mapping[str, str]) -> dict[str, str]:
    """The project's name and who leads it, as they were typed. Raises Invalid for a name that cannot be stored."""
    if not storable(typed["name"]):
        raise Invalid("Say your name.", fields={"name": ""})
    password = request.form.get("password", "")[: passwords.LONGEST + 1]
    return {"name": typed["project"], "email": typed["email"], "who": typed["name"], "password": password}


def _page(me: Agent | None, typed: Mapping[str, str] | None = None, faults: Mapping[str, Any] | None = None) -> str:
    words = {
        "project": gettext("A name has 1 to %(most)s characters.", most=founding.LONGEST_NAME),
        "name": gettext("Say your name, in at most %(most)s characters.", most=access.LONGEST_NAME),
        "email": gettext("This is no e-mail address, or somebody has it here already."),
        "password": gettext("Choose a password of at least %(least)s characters.", least=passwords.SHORTEST),
    }
    return render_template(
        "new_project.html",
        me=me,
        of_demo=me is not None and founding.is_of_demo(me),
        typed=typed or {},
        errors={name: words[name] for name in faults or {}},
        least=passwords.SHORTEST,
    )
