"""The routes of a project's workflow: read it, judge a draft, try it, save a new version."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Blueprint, Response

from inbox import representation, workflows
from inbox.access import Agent, require_manager
from inbox.api.answering import answer, paged, seen_versions
from inbox.api.asking import agent_route, bigint, json_object, query, services, valid, wiring
from inbox.api.paging import before_id, limit
from inbox.api.schemas import TrialBody
from inbox.errors import Invalid, NotFound
from inbox.saying import Say, english
from inbox.workflows import LARGEST_VERSION
from inbox.workshop import Trial

blueprint = Blueprint("workflow", __name__, url_prefix="/api/v1/workflow")


@blueprint.get("")
@agent_route
def show(who: Agent) -> Response:
    """The version that answers."""
    query()
    with services().reading() as connection:
        found = workflows.current(connection, who.project_id)
    if found is None:
        raise NotFound("This project has no workflow yet.")
    return answer(representation.workflow(found), version=found["version"])


@blueprint.put("")
@agent_route
def save(who: Agent) -> Response:
    """A new version, unless a colleague was faster.

    The version that it was made from comes as If-Match or beside the workflow; without either the last one wins.
    """
    base, definition = drafted(json_object())
    seen = seen_versions()
    if seen is None and base is not None:
        seen = [base]
    draft = workflows.judge(who, definition, wiring().workshop)
    with services().statement() as writing:
        saved = workflows.save(writing.connection, draft, seen=seen)
    return answer(representation.workflow(saved), version=saved["version"])


@blueprint.post("/validate")
@agent_route
def validate(who: Agent) -> Response:
    """All problems of a draft; nothing is saved."""
    _, definition = drafted(json_object())
    return answer({"problems": problems(who, definition)})


@blueprint.post("/try")
@agent_route
def try_out(who: Agent) -> Response:
    """What a draft, or the saved workflow, would answer to a message; nothing lands. Managers only: it costs tokens."""
    return answer(tried(who, json_object()))


@blueprint.get("/versions")
@agent_route
def list_versions(who: Agent) -> Response:
    """Who saved which version when, newest first."""
    query("cursor", "limit")
    most, before = limit(), min(before_id() or LARGEST_VERSION, LARGEST_VERSION)
    with services().reading() as connection:
        rows = workflows.versions(connection, who.project_id, before=before, limit=most + 1)
    return paged(
        rows, most, lambda row: {"version": row["version"], **representation.workflow_saved(row)}, by="version"
    )


@blueprint.get("/versions/<number>")
@agent_route
def show_version(who: Agent, number: str) -> Response:
    """One version."""
    query()
    wanted = bigint(number)
    with services().reading() as connection:
        found = workflows.version(connection, who.project_id, min(wanted, LARGEST_VERSION))
    return answer(representation.workflow(found), version=found["version"])


def drafted(given: dict[str, Any]) -> tuple[int | None, Any]:
    """The version that a draft was made from (None: not said) and its definition.

    A draft is sent as the file itself, or as GET gives it: {version, workflow}.
    """
    if "workflow" not in given or "nodes" in given:
        return None, given
    base = given.get("version")
    if base is not None and (not isinstance(base, int) or isinstance(base, bool) or base < 0):
        raise Invalid("Not valid: version.", fields={"version": "is the number of the version that you began with"})
    return base, given["workflow"]


def problems(who: Agent, definition: Any, say: Say = english) -> list[dict[str, Any]]:
    """All problems of a draft as JSON."""
    return [representation.problem(one, say) for one in wiring().workshop.problems(who.project_id, definition)]


def tried(who: Agent, given: dict[str, Any], say: Say = english) -> dict[str, Any]:
    """A trial's outcome as JSON. Raises Forbidden, Invalid, InvalidWorkflow."""
    require_manager(who, workflows.FOR_MANAGERS)
    wanted = valid(TrialBody, given)
    definition = wanted.workflow
    if definition is None:
        with services().reading() as connection:
            found = workflows.current(connection, who.project_id)
        if found is None:
            raise NotFound("This project has no workflow yet.")
        definition = found["definition"]
    workshop = wiring().workshop
    draft = workflows.judge(who, definition, workshop, say)
    return asdict(workshop.try_out(Trial(who.project_id, draft.definition, wanted.message)))
