"""Making a project and who leads it, on a page: the installation's first one, and those beside it.

Owns their rows' first version. Must not open a session: whoever made one is let in by the page. What the command line
makes beside that is commands/projects.py's.
"""

from __future__ import annotations

import hmac
import secrets

from sqlalchemy import Connection, text

from inbox import invitations
from inbox.access import Agent, require_manager
from inbox.conversation import storable
from inbox.errors import Invalid, NotFound
from inbox.mail_address import mail_address
from inbox.saying import later
from inbox.tokens import token_of

LONGEST_NAME = 200  # characters of a project's
FOR_MANAGERS = later("Only managers make projects. Ask one of them.")
FOR_WHO_RUNS_IT = later("On this Tandem, projects are made by whoever runs it. Ask them.")
DEMO = "@northfold.example"  # ends the addresses of the demo's team, which nobody real can have

INSERT_PROJECT = text("INSERT INTO project (name, key, mode) VALUES (:name, :key, :mode) RETURNING id")
LEAD = text(
    """
WITH m AS (
    INSERT INTO membership (project_id, agent_id, role) VALUES (:project, :agent, 'manager') RETURNING *)
INSERT INTO audit_entry (project_id, kind, actor_id, actor_name, subject, data)
SELECT m.project_id, 'project_made', m.agent_id, :name, '', '{}' FROM m
"""
)
# A form that is sent twice makes one project: the second finds it, and waits for the first where both come at once.
HOLD = text("SELECT id FROM agent WHERE id = :agent FOR NO KEY UPDATE")
THEIRS = text(
    """
SELECT p.id FROM membership m JOIN project p ON p.id = m.project_id
WHERE m.agent_id = :agent AND m.role = 'manager' AND p.name = :name ORDER BY p.id LIMIT 1
"""
)
# Of two who open the first link at once, the second finds the first one's project.
ALONE = text("SELECT pg_advisory_xact_lock(hashtext('the first project'))")
EMPTY = text("SELECT NOT EXISTS (SELECT FROM project)")


def is_empty(connection: Connection) -> bool:
    """Whether this installation has no project yet."""
    return bool(connection.execute(EMPTY).scalar_one())


def is_of_demo(who: Agent) -> bool:
    """Whether they are one of the demo's team: whoever looks at it is somebody else."""
    return who.email.endswith(DEMO)


def first_path(secret_key: str) -> str:
    """The address of the page for the first project, which only whoever runs this installation is told."""
    return f"/begin/{token_of('the first project', secret_key)}"


def is_first_path(path: str, secret_key: str) -> bool:
    """Whether the address is that one."""
    return hmac.compare_digest(path.encode("utf-8", "surrogatepass"), first_path(secret_key).encode())


def add_project(connection: Connection, name: str, *, mode: str = "simple", key: str | None = None) -> tuple[int, str]:
    """A project without anybody in it: its id, and the key that its widget shows. Raises Invalid for its name."""
    name = name.strip()
    if not 1 <= len(name) <= LONGEST_NAME or not storable(name):
        raise Invalid("A project needs a name of 1 to 200 characters.", fields={"project": "is no name"})
    key = key or secrets.token_urlsafe(12)
    return connection.execute(INSERT_PROJECT, {"name": name, "key": key, "mode": mode}).scalar_one(), key


def found(connection: Connection, who: Agent, name: str) -> int:
    """A project that the asker leads, or the one of this name that they lead already; returns its id.

    Must run in a transaction. Raises Forbidden, Invalid.
    """
    require_manager(who, FOR_MANAGERS)
    connection.execute(HOLD, {"agent": who.id})
    theirs = connection.execute(THEIRS, {"agent": who.id, "name": name.strip()}).scalar()
    if theirs is not None:
        return int(theirs)
    project_id, _key = add_project(connection, name)
    connection.execute(LEAD, {"project": project_id, "agent": who.id, "name": who.name})
    return project_id


def found_with_lead(connection: Connection, name: str, *, email: str, who: str, password: str) -> tuple[int, int]:
    """A project and a new agent who leads it: (agent, project). Must run in a transaction.

    Raises Invalid with the field that cannot be.
    """
    address = mail_address(email)
    project_id, _key = add_project(connection, name)
    try:
        agent_id, shown = invitations.add_agent(connection, address, who, password)
    except NotFound:
        raise Invalid("Somebody has this address here already.", fields={"email": "is taken"}) from None
    connection.execute(LEAD, {"project": project_id, "agent": agent_id, "name": shown})
    return agent_id, project_id


def found_first(connection: Connection, name: str, *, email: str, who: str, password: str) -> tuple[int, int]:
    """The same where there is no project yet. Raises NotFound where there is one by now."""
    connection.execute(ALONE)
    if not is_empty(connection):
        raise NotFound
    return found_with_lead(connection, name, email=email, who=who, password=password)
