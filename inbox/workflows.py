"""A project's workflow: its versions, and saving one without losing a colleague's.

Owns the statements. A version is immutable: saving adds one, and the newest is the one that answers.
What is wrong with a workflow is the workshop's to say (inbox/workshop.py).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from inbox import representation
from inbox.access import Agent, require_manager
from inbox.audit import audit_cte
from inbox.errors import InvalidWorkflow, NotFound, StaleWorkflow
from inbox.saying import Say, english, later
from inbox.workshop import Problem, Workshop

Row = Mapping[Any, Any]
LARGEST_VERSION = 2**31 - 1  # that its column holds
FOR_MANAGERS = later("Only managers change the workflow. Ask one of them.")

# The project's row is the lock and its workflow_version the guard: of two managers who began from the same version
# one saves, the other's statement writes nothing: tests/integration/test_api_workflow.py::test_two_managers_at_once
SAVE = f"""
WITH p AS (
    UPDATE project SET workflow_version = COALESCE(workflow_version, 0) + 1
    WHERE id = :project {{guard}}
    RETURNING id, workflow_version),
w AS (
    INSERT INTO workflow (project_id, version, definition, created_by)
    SELECT p.id, p.workflow_version, CAST(:definition AS jsonb), :who FROM p
    RETURNING *),
{audit_cte("w", "'workflow_saved'", subject="'version ' || w.version")}
SELECT w.*, a.name AS author_name FROM w LEFT JOIN agent a ON a.id = w.created_by"""
SAVE_ANYWAY = text(SAVE.format(guard=""))
SAVE_GUARDED = text(SAVE.format(guard="AND COALESCE(workflow_version, 0) = ANY(CAST(:seen AS integer[]))"))

SHOWN = "SELECT w.*, a.name AS author_name FROM workflow w LEFT JOIN agent a ON a.id = w.created_by"
VERSION = text(f"{SHOWN} WHERE w.project_id = :project AND w.version = :version")
CURRENT = text(
    f"{SHOWN} JOIN project p ON p.id = w.project_id AND p.workflow_version = w.version WHERE p.id = :project"
)
VERSIONS = text(f"{SHOWN} WHERE w.project_id = :project AND w.version < :before ORDER BY w.version DESC LIMIT :limit")
SAME = text("SELECT CAST(:one AS jsonb) = CAST(:other AS jsonb)")


@dataclass(frozen=True)
class Judged:
    """A definition without problems, of a manager of the project."""

    who: Agent
    definition: Any


def judge(who: Agent, definition: Any, workshop: Workshop, say: Say = english) -> Judged:
    """The definition as one that may be saved or tried. Holds no connection, so that judging never waits for a second.

    Raises Forbidden unless the asker is a manager, and InvalidWorkflow with all problems, as `say` puts them.
    """
    require_manager(who, FOR_MANAGERS)
    require_sound(workshop.problems(who.project_id, definition), say)
    return Judged(who, definition)


def require_sound(problems: Sequence[Problem], say: Say = english) -> None:
    """Raise InvalidWorkflow with all of them unless there are none."""
    listed = [representation.problem(one, say) for one in problems]
    if len(listed) == 1:
        raise InvalidWorkflow("The workflow has 1 problem. Nothing was done with it.", problems=listed)
    if listed:
        sentence = later("The workflow has %(count)s problems. Nothing was done with it.")
        raise InvalidWorkflow(sentence, filled={"count": len(listed)}, problems=listed)


def save(connection: Connection, draft: Judged, *, seen: Collection[int] | None = None) -> Row:
    """Save the definition as a new version and return it.

    `seen` are the versions that the definition was made from, 0 for none; None saves whatever is current. Raises
    StaleWorkflow with both versions where somebody has saved since; the same save once more, its answer lost, is
    answered with the version that it made.
    """
    who = draft.who
    parameters = {
        **who.asking,
        "definition": json.dumps(draft.definition),
    }
    if seen is None:
        return connection.execute(SAVE_ANYWAY, parameters).mappings().one()
    row = connection.execute(SAVE_GUARDED, parameters | {"seen": _storable(seen)}).mappings().one_or_none()
    return row if row is not None else _overtaken(connection, who, draft.definition, seen)


def current(connection: Connection, project_id: int) -> Row | None:
    """The version that answers, or None where none was ever saved."""
    return connection.execute(CURRENT, {"project": project_id}).mappings().one_or_none()


def version(connection: Connection, project_id: int, number: int) -> Row:
    """One version. Raises NotFound."""
    found = connection.execute(VERSION, {"project": project_id, "version": number}).mappings().one_or_none()
    if found is None:
        raise NotFound("This workflow has no such version.")
    return found


def versions(connection: Connection, project_id: int, *, before: int, limit: int) -> Sequence[Row]:
    """Versions below `before`, newest first."""
    parameters = {"project": project_id, "before": before, "limit": limit}
    return connection.execute(VERSIONS, parameters).mappings().all()


def _overtaken(connection: Connection, who: Agent, definition: Any, seen: Collection[int]) -> Row:
    """The current version where this very save made it; else StaleWorkflow with both."""
    found = current(connection, who.project_id)
    if found is not None and found["created_by"] == who.id and found["version"] - 1 in seen:
        texts = {"one": json.dumps(found["definition"]), "other": json.dumps(definition)}
        if connection.execute(SAME, texts).scalar_one():
            return found
    by = (found["author_name"] if found else None) or "Somebody"
    raise StaleWorkflow(
        "%(name)s saved version %(version)s since you loaded the workflow. Yours was not saved; compare both and save"
        " again.",
        filled={"name": by, "version": found["version"] if found else 0},
        current=representation.workflow(found) if found else None,
        yours={"version": max(seen, default=None), "workflow": definition},
    )


def _storable(seen: Collection[int]) -> list[int]:
    return [number for number in seen if number <= LARGEST_VERSION]
