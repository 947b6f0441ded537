"""Invitations into a project: a link that a manager hands on, good for seven days and for one person.

Owns the statements. No mail is sent: the link is told once to the manager who made it, and kept as its digest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from inbox import passwords
from inbox.access import Agent, Role, require_manager
from inbox.account import person_name
from inbox.audit import audit_cte
from inbox.conversation import LARGEST_ID
from inbox.errors import Invalid, NotFound
from inbox.mail_address import mail_address
from inbox.saying import later
from inbox.team import FOR_MANAGERS
from inbox.tokens import digest

Row = Mapping[Any, Any]
DAYS = 7
GONE = later("This invitation is not valid any more. Ask whoever sent it for a new one.")

OPEN = "accepted_at IS NULL AND revoked_at IS NULL"
# Whoever is invited anew has one valid link: the newest.
INVITE = text(
    f"""
WITH replaced AS (
    UPDATE invitation SET revoked_at = clock_timestamp()
    WHERE project_id = :project AND lower(email) = lower(:email) AND {OPEN}
    RETURNING id),
i AS (
    INSERT INTO invitation (project_id, email, role, token_hash, invited_by, expires_at)
    SELECT :project, :email, :role, :digest, :who_name, clock_timestamp() + make_interval(days => :days)
    FROM (SELECT count(*) FROM replaced) AS first
    RETURNING *),
{audit_cte("i", "'invited'", subject="email", data="jsonb_build_object('role', role, 'expires_at', expires_at)")}
SELECT * FROM i"""
)
LISTED = text(
    f"""
SELECT *, expires_at <= clock_timestamp() AS expired FROM invitation
WHERE project_id = :project AND {OPEN} AND id < :before ORDER BY id DESC LIMIT :limit
"""
)
REVOKE = text(
    f"""
WITH i AS (
    UPDATE invitation SET revoked_at = clock_timestamp()
    WHERE id = :invitation AND project_id = :project AND {OPEN} RETURNING *),
{audit_cte("i", "'invitation_revoked'", subject="email")}
SELECT id FROM i"""
)
FIND = text(
    f"""
SELECT i.*, p.name AS project_name, a.id AS agent_id, a.name AS agent_name, a.password_hash
FROM invitation i JOIN project p ON p.id = i.project_id LEFT JOIN agent a ON lower(a.email) = lower(i.email)
WHERE i.token_hash = :digest AND {OPEN} AND i.expires_at > clock_timestamp()
"""
)
# One person uses it once: of two who try at the same time one finds it open.
TAKE = text(
    f"""
UPDATE invitation SET accepted_at = clock_timestamp()
WHERE token_hash = :digest AND {OPEN} AND expires_at > clock_timestamp() RETURNING project_id, email, role
"""
)
# To judge a password takes a while; from here on nobody changes it until we are done.
STILL = text("SELECT true FROM agent WHERE id = :agent AND password_hash = :hash FOR SHARE")
ADD_AGENT = text(
    """
INSERT INTO agent (email, name, password_hash) VALUES (:email, :name, :hash)
ON CONFLICT (lower(email)) DO NOTHING RETURNING id, name
"""
)
JOIN = text(
    """
WITH m AS (
    INSERT INTO membership (project_id, agent_id, role) VALUES (:project, :agent, :role)
    ON CONFLICT (project_id, agent_id) DO NOTHING RETURNING *),
audited AS (
    INSERT INTO audit_entry (project_id, kind, actor_id, actor_name, subject, data)
    SELECT m.project_id, 'joined', m.agent_id, :name, '', jsonb_build_object('role', m.role) FROM m)
SELECT count(*) FROM m
"""
)


def invite(connection: Connection, who: Agent, email: str, role: Role, *, token: str) -> Row:
    """A new invitation; an open one to the same address is revoked. Raises Forbidden, Invalid."""
    require_manager(who, FOR_MANAGERS)
    parameters = {**who.asking, "email": mail_address(email), "role": role}
    parameters |= {"digest": digest(token), "days": DAYS}
    return connection.execute(INVITE, parameters).mappings().one()


def listed(connection: Connection, project_id: int, *, before: int | None = None, limit: int = 50) -> Sequence[Row]:
    """What is open, newest first, also where it has expired."""
    parameters = {"project": project_id, "before": before or LARGEST_ID, "limit": limit}
    return connection.execute(LISTED, parameters).mappings().all()


def revoke(connection: Connection, who: Agent, invitation_id: int) -> None:
    """Take the link back. Raises Forbidden, NotFound."""
    require_manager(who, FOR_MANAGERS)
    parameters = {**who.asking, "invitation": invitation_id}
    if connection.execute(REVOKE, parameters).one_or_none() is None:
        raise NotFound


def find(connection: Connection, token: str) -> Row:
    """A valid invitation, with the agent who has its address already. Raises NotFound."""
    row = connection.execute(FIND, {"digest": digest(token)}).mappings().one_or_none()
    if row is None:
        raise NotFound(GONE)
    return row


def accept(connection: Connection, token: str, *, name: str, password: str) -> tuple[int, int]:
    """Join with the invitation: (agent, project).

    A new agent gets this name and password, one who exists proves their own. Must run in a transaction. Raises
    NotFound, Invalid.
    """
    found = find(connection, token)
    if found["agent_id"] is not None:
        agent_id, shown = found["agent_id"], found["agent_name"]
        hashed = {"agent": agent_id, "hash": found["password_hash"]}
        if not passwords.matches(found["password_hash"], password) or not connection.execute(STILL, hashed).scalar():
            raise Invalid("This is not your password.", fields={"password": "does not match"})
    else:
        agent_id, shown = add_agent(connection, found["email"], name, password)
    taken = connection.execute(TAKE, {"digest": digest(token)}).one_or_none()
    if taken is None:
        raise NotFound(GONE)
    joining = {"project": taken.project_id, "agent": agent_id, "role": taken.role, "name": shown}
    connection.execute(JOIN, joining)
    return agent_id, taken.project_id


def add_agent(connection: Connection, email: str, name: str, password: str) -> tuple[int, str]:
    """An agent of this name and password: (id, name). Raises Invalid; NotFound where the address is somebody's."""
    shown = person_name(name)
    passwords.require_fitting(password)
    row = connection.execute(
        ADD_AGENT, {"email": email, "name": shown, "hash": passwords.hash_password(password)}
    ).one_or_none()
    if row is None:
        raise NotFound(GONE)  # somebody made this agent in this moment
    return row.id, row.name
