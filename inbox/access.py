"""Who is asking: passwords, API tokens, and whose session or token it is.

Owns identity. Must not decide what an identity may do in a conversation: every statement is scoped by its project.
Sessions are opened and ended by inbox/sessions.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from sqlalchemy import Connection, text

from inbox import audit, passwords
from inbox.errors import Forbidden, Unauthorized
from inbox.saying import later
from inbox.tokens import digest, new_token

LONGEST_NAME = 100
Role = Literal["agent", "manager"]
Scope = Literal["read", "answer", "full"]
NO_MATCH = later("E-mail and password do not match.")
# Told to whoever has proved who they are, and so to no stranger: that they were taken out is no secret from them.
IN_NO_PROJECT = later("You are in no project here any more. Ask a manager for an invitation.")


@dataclass(frozen=True)
class Agent:
    """A human who answers, in one project. `language` and `time_zone` are empty where they chose none."""

    id: int
    name: str
    email: str
    project_id: int
    role: Role
    scope: Scope = "full"
    language: str = ""
    time_zone: str = ""
    lacks_second_factor: bool = False  # and the project wants one: nothing is open to them but setting it up
    unseen: bool = field(default=False, compare=False)  # for a minute, so that the session is to be marked as seen

    @property
    def is_manager(self) -> bool:
        """Whether they may change settings; a token that is narrower than its owner may not."""
        return self.role == "manager" and self.scope == "full"

    @property
    def asking(self) -> dict[str, Any]:
        """Who asks, as the parameters :project, :who and :who_name of a statement."""
        return {"project": self.project_id, "who": self.id, "who_name": self.name}

    @property
    def only_reads(self) -> bool:
        """Whether the token may change nothing at all."""
        return self.scope == "read"


@dataclass(frozen=True)
class Known:
    """An agent who has proved who they are, and the project that they come into."""

    agent_id: int
    project_id: int
    password_hash: str
    second_factor: bool = False  # a password alone does not let them in


HAS_SECOND_FACTOR = """(EXISTS (SELECT FROM totp WHERE totp.agent_id = a.id AND totp.confirmed_at IS NOT NULL)
    OR EXISTS (SELECT FROM passkey WHERE passkey.agent_id = a.id))"""
WHO = """
SELECT a.id, a.name, a.email, m.project_id, m.role, a.language, a.time_zone{more}
FROM {table} s JOIN membership m ON m.agent_id = s.agent_id AND m.project_id = {project}
JOIN agent a ON a.id = m.agent_id{join}
WHERE s.token_hash = :digest AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp())
"""
BY_TOKEN = text(
    WHO.format(
        table="api_token",
        project="s.project_id",
        more=", s.scope, COALESCE(s.last_used_at < clock_timestamp() - interval '1 minute', true) AS unseen",
        join="",
    )
)
USED = text("UPDATE api_token SET last_used_at = clock_timestamp() WHERE token_hash = :digest")
BY_SESSION, BY_SESSION_IN = (
    text(
        WHO.format(
            table="agent_session",
            project=project,
            more=f""", s.seen_at < clock_timestamp() - interval '1 minute' AS unseen,
    p.require_second_factor AND NOT {HAS_SECOND_FACTOR} AS lacks_second_factor""",
            join=" JOIN project p ON p.id = m.project_id",
        )
    )
    for project in ("s.project_id", ":project")
)
KNOWN = f"""
SELECT a.id AS agent_id, (SELECT min(project_id) FROM membership WHERE agent_id = a.id) AS project_id,
    a.password_hash, {HAS_SECOND_FACTOR} AS second_factor
FROM agent a WHERE """
BY_EMAIL = text(KNOWN + "lower(a.email) = lower(:email)")
BY_ID = text(KNOWN + "a.id = :agent")
# Not over a password that was set while this one was judged.
RENEW = text("UPDATE agent SET password_hash = :hash WHERE id = :id AND password_hash = :old")
NEW_TOKEN = text(
    "INSERT INTO api_token (project_id, agent_id, token_hash, name) VALUES (:project, :agent, :digest, :name)"
)


def require_manager(who: Agent, otherwise: str) -> None:
    """Raise Forbidden with the sentence unless they are a manager with a full token."""
    if not who.is_manager:
        raise Forbidden(otherwise)


def by_token(connection: Connection, token: str) -> Agent:
    """The agent of an API token. Raises Unauthorized. When it was used last is written down to the minute."""
    row = connection.execute(BY_TOKEN, {"digest": digest(token)}).mappings().one_or_none()
    if row is None:
        raise Unauthorized("This token is unknown or has expired.")
    if row["unseen"]:
        connection.execute(USED, {"digest": digest(token)})
    return Agent(**row)


def still_stands(connection: Connection, token_hash: bytes) -> bool:
    """Whether the API token with this digest still opens its project."""
    return connection.execute(BY_TOKEN, {"digest": token_hash}).one_or_none() is not None


def by_session(connection: Connection, token: str | None, project_id: int | None = None) -> Agent | None:
    """The agent of a page's session, or None: in the project that it is in, or in another where they are a member."""
    if not token:
        return None
    named = {"digest": digest(token)}
    if project_id is None:
        row = connection.execute(BY_SESSION, named).mappings().one_or_none()
    else:
        row = connection.execute(BY_SESSION_IN, named | {"project": project_id}).mappings().one_or_none()
    return Agent(**row) if row else None


def by_password(connection: Connection, email: str, password: str, *, address: str = "") -> Known:
    """Whose address and password these are. Raises Unauthorized, alike for a wrong password and an unknown address,
    and in other words for a right password of somebody who is in no project.

    A hash made with older parameters is renewed.
    """
    row = connection.execute(BY_EMAIL, {"email": email}).mappings().one_or_none()
    nobody = passwords.of_nobody()  # in either case, for the first to ask waits for it
    right = passwords.matches(row["password_hash"] if row else nobody, password)
    if not right or row is None:
        failed(connection, row["agent_id"] if row else 0, how="password", address=address)
        raise Unauthorized(NO_MATCH)
    if row["project_id"] is None:
        raise Unauthorized(IN_NO_PROJECT)
    found = Known(**row)
    if passwords.is_outdated(found.password_hash):
        found = replace(found, password_hash=passwords.hash_password(password))
        renewed = {"hash": found.password_hash, "id": found.agent_id, "old": row["password_hash"]}
        if connection.execute(RENEW, renewed).rowcount == 0:  # another sign-in has renewed it, or it is another one
            return by_password(connection, email, password, address=address)
    return found


def known(connection: Connection, agent_id: int) -> Known:
    """An agent who has proved who they are in another way. Raises Unauthorized for one who is in no project."""
    row = connection.execute(BY_ID, {"agent": agent_id}).mappings().one_or_none()
    if row is None or row["project_id"] is None:
        raise Unauthorized(IN_NO_PROJECT)
    return Known(**row)


def email_of(connection: Connection, agent_id: int) -> str:
    """The address of an agent who exists."""
    return str(connection.execute(text("SELECT email FROM agent WHERE id = :id"), {"id": agent_id}).scalar_one())


def failed(connection: Connection, agent_id: int, *, how: str, address: str) -> None:
    """Write a failed sign-in into the audit logs of the agent's projects; of a stranger's name there is none."""
    audit.record_of_agent(connection, agent_id, "sign_in_failed", "", {"how": how, "address": address})


def issue_token(connection: Connection, project_id: int, agent_id: int, name: str = "") -> str:
    """A new API token of a member. It is told once and stored as its digest."""
    token = new_token()
    connection.execute(NEW_TOKEN, {"project": project_id, "agent": agent_id, "digest": digest(token), "name": name})
    return token
