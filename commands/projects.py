"""Making projects, agents and workflows: what the command line and the demo share.

Owns those rows' first version. Must not be used by routes.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from inbox import founding
from inbox.access import issue_token
from inbox.account import person_name
from inbox.mail_address import mail_address
from inbox.passwords import hash_password
from inbox.workflows import require_sound
from responder.problems import problems_of


@dataclass(frozen=True)
class MadeProject:
    """A project's id and the key that its widget shows."""

    id: int
    key: str


@dataclass(frozen=True)
class MadeAgent:
    """An agent's id and the secrets that are told once. `password` is None for an agent who existed before."""

    id: int
    token: str
    password: str | None


INSERT_WORKFLOW = text(
    """
WITH w AS (
    INSERT INTO workflow (project_id, version, definition)
    SELECT :project, COALESCE(max(version), 0) + 1, CAST(:definition AS jsonb) FROM workflow WHERE project_id = :project
    RETURNING version)
UPDATE project SET workflow_version = w.version FROM w WHERE project.id = :project RETURNING w.version
"""
)
INSERT_AGENT = text(
    """
INSERT INTO agent (email, name, password_hash) VALUES (:email, :name, :hash)
ON CONFLICT (lower(email)) DO NOTHING RETURNING id
"""
)
FIND_AGENT = text("SELECT id FROM agent WHERE lower(email) = lower(:email)")
JOIN_PROJECT = text(
    """
INSERT INTO membership (project_id, agent_id, role)
VALUES (:project, :agent, COALESCE(CAST(:role AS text), 'agent'))
ON CONFLICT (project_id, agent_id) DO UPDATE SET role = COALESCE(CAST(:role AS text), membership.role)
"""
)


LISTED = text(
    """
SELECT p.id, p.name, p.key, COALESCE((SELECT json_agg(a.email ORDER BY a.id)
    FROM membership m JOIN agent a ON a.id = m.agent_id
    WHERE m.project_id = p.id AND m.role = 'manager'), '[]') AS managers
FROM project p ORDER BY p.id
"""
)


def listed(connection: Connection) -> list[dict[str, Any]]:
    """Every project with its key and who leads it."""
    return [dict(row) for row in connection.execute(LISTED).mappings()]


def create_project(
    connection: Connection, name: str, *, mode: str = "simple", workflow: Any = None, key: str | None = None
) -> MadeProject:
    """A project with its workflow. Raises Invalid for a name that cannot be one, InvalidWorkflow with all problems."""
    if workflow is not None:
        check_workflow(workflow)
    project_id, key = founding.add_project(connection, name, mode=mode, key=key)
    if workflow is not None:
        add_workflow(connection, project_id, workflow)
    return MadeProject(project_id, key)


def check_workflow(workflow: Any) -> None:
    """Raise InvalidWorkflow with every problem, or return."""
    require_sound(problems_of(workflow))


def add_workflow(connection: Connection, project_id: int, workflow: Mapping[str, Any]) -> int:
    """A new version of the project's workflow, current from now on."""
    parameters = {"project": project_id, "definition": json.dumps(workflow)}
    return int(connection.execute(INSERT_WORKFLOW, parameters).scalar_one())


def create_agent(
    connection: Connection, email: str, *, project_id: int, role: str | None = None, name: str | None = None
) -> MadeAgent:
    """An agent with a password and a token for the project; an agent who exists joins it and keeps their password.

    Without a `role` a member stays what they are, and anybody else becomes an agent.

    Raises Invalid for an address or a name that cannot be one, IntegrityError for a project that does not exist.
    """
    address = mail_address(email)
    password: str | None = secrets.token_urlsafe(12)
    shown = person_name(address.partition("@")[0] if name is None else name)
    values = {"email": address, "name": shown, "hash": hash_password(str(password))}
    agent_id = connection.execute(INSERT_AGENT, values).scalar()
    if agent_id is None:
        agent_id, password = connection.execute(FIND_AGENT, {"email": address}).scalar_one(), None
    connection.execute(JOIN_PROJECT, {"project": project_id, "agent": agent_id, "role": role})
    return MadeAgent(agent_id, issue_token(connection, project_id, agent_id, "command line"), password)
