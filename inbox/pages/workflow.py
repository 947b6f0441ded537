"""The page on which managers draw, judge, try and save the workflow; others look at it.

Owns the page's routes. They answer JSON to the page's own scripts, with the same acts as the API's.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from inbox import reading, representation, tools, walks, workflows
from inbox.access import Agent
from inbox.api.answering import answer
from inbox.api.asking import bigint, json_object, services, wiring
from inbox.api.workflow import drafted, problems, tried
from inbox.errors import NotFound
from inbox.pages.browser_session import page
from inbox.saying import said
from inbox.walks import Walk
from inbox.workflows import LARGEST_VERSION

blueprint = Blueprint("workflow_page", __name__, url_prefix="/settings/workflow")
LISTED = 50
EMPTY: dict[str, Any] = {
    "nodes": [
        {"id": "start", "type": "start", "data": {}},
        {"id": "answer", "type": "llm", "data": {"label": "Answer"}},
    ],
    "edges": [{"id": "start-answer", "source": "start", "target": "answer"}],
}  # what a project begins to draw with


@blueprint.get("")
@page
def show(me: Agent) -> ResponseReturnValue:
    """The current version, ready to edit; with `conversation` the path that it took and where it stands."""
    with services().reading() as connection:
        project = reading.project(connection, me.project_id)
        found = workflows.current(connection, me.project_id)
        rows = workflows.versions(connection, me.project_id, before=LARGEST_VERSION, limit=LISTED)
        own = [tool["name"] for tool in tools.listed(connection, me.project_id, limit=tools.MOST_TOOLS)]
        walk = _walk(connection, me, found["definition"] if found else {})
    return render_template(
        "settings/workflow.html",
        me=me,
        project=project,
        given=_given(me, project, found, own, walk),
        found=found,
        versions=rows,
        walk=walk,
        offline=wiring().settings.offline,
        templates=wiring().workshop.templates(),
    )


def _given(
    me: Agent, project: reading.Row, found: reading.Row | None, own: list[str], walk: Walk | None
) -> dict[str, Any]:
    """What the page's script begins with."""
    definition = found["definition"] if found else EMPTY
    return {
        "version": found["version"] if found else 0,
        "workflow": definition,
        "project": me.project_id,
        "manager": me.is_manager,
        "answers": project["mode"] == "orchestrator",
        "problems": problems(me, definition, said),
        "tools": own,
        "walk": walk.as_json() if walk else None,
    }


def _walk(connection: Connection, me: Agent, definition: dict[str, Any]) -> Walk | None:
    """The path of the conversation that is asked for, if one is."""
    asked = request.args.get("conversation")
    if not asked:
        return None
    return walks.walk(connection, reading.conversation(connection, me.project_id, bigint(asked)), definition)


@blueprint.post("")
@page
def save(me: Agent) -> ResponseReturnValue:
    """Save the draft as a new version of the one it was made from."""
    base, definition = drafted(json_object())
    draft = workflows.judge(me, definition, wiring().workshop, said)
    with services().statement() as writing:
        saved = workflows.save(writing.connection, draft, seen=[base or 0])
    return answer(representation.workflow(saved))


@blueprint.post("/check")
@page
def check(me: Agent) -> ResponseReturnValue:
    """All problems of the draft."""
    _, definition = drafted(json_object())
    return answer({"problems": problems(me, definition, said)})


@blueprint.post("/try")
@page
def try_out(me: Agent) -> ResponseReturnValue:
    """What the draft would answer."""
    return answer(tried(me, json_object(), said))


@blueprint.get("/versions/<number>")
@page
def version(me: Agent, number: str) -> ResponseReturnValue:
    """One version, to look at or to begin a draft with."""
    wanted = bigint(number)
    with services().reading() as connection:
        found = workflows.version(connection, me.project_id, min(wanted, LARGEST_VERSION))
    return answer(representation.workflow(found))


@blueprint.get("/templates/<name>")
@page
def template(me: Agent, name: str) -> ResponseReturnValue:
    """A workflow that comes with Tandem, to begin a draft with."""
    found = wiring().workshop.template(name)
    if found is None:
        raise NotFound("No workflow of this name comes with Tandem.")
    return answer({"workflow": found})
