"""Who is asking: passwords, sessions of agents, API tokens, visitors' tokens.

Owns identity. Must not decide what an identity may do in a conversation: every statement is scoped by its project.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, text

from inbox.errors import Unauthorized
from inbox.tokens import digest, new_token

SESSION_DAYS = 14
Role = Literal["agent", "manager"]
Scope = Literal["read", "answer", "full"]
_hasher = PasswordHasher()
# Compared against where no such agent exists, so that a guess takes as long either way.
_NOBODY = _hasher.hash(new_token())


@dataclass(frozen=True)
class Agent:
    """A human who answers, in one project."""

    id: int
    name: str
    email: str
    project_id: int
    role: Role
    scope: Scope = "full"

    @property
    def is_manager(self) -> bool:
        """Whether they may change settings; a token that is narrower than its owner may not."""
        return self.role == "manager" and self.scope == "full"

    @property
    def only_reads(self) -> bool:
        """Whether the token may change nothing at all."""
        return self.scope == "read"


WHO = """
SELECT a.id, a.name, a.email, m.project_id, m.role{more}
FROM {table} s JOIN membership m USING (project_id, agent_id) JOIN agent a ON a.id = m.agent_id
WHERE s.token_hash = :digest AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp())
"""
BY_TOKEN = text(WHO.format(table="api_token", more=", s.scope"))
BY_SESSION = text(WHO.format(table="agent_session", more=""))
BY_EMAIL = text(
    """
SELECT a.id, a.password_hash, m.project_id FROM agent a
LEFT JOIN LATERAL (
    SELECT project_id FROM membership WHERE agent_id = a.id ORDER BY project_id LIMIT 1) m ON true
WHERE lower(a.email) = lower(:email)
"""
)
OPEN_SESSION = text(
    """
INSERT INTO agent_session (token_hash, project_id, agent_id, expires_at)
VALUES (:digest, :project, :agent, clock_timestamp() + make_interval(days => :days))
"""
)
CLOSE_SESSION = text("DELETE FROM agent_session WHERE token_hash = :digest OR expires_at < clock_timestamp()")
NEW_TOKEN = text(
    "INSERT INTO api_token (project_id, agent_id, token_hash, name) VALUES (:project, :agent, :digest, :name)"
)


def hash_password(password: str) -> str:
    """An argon2id hash with the library's current parameters."""
    return _hasher.hash(password)


def by_token(connection: Connection, token: str) -> Agent:
    """The agent of an API token. Raises Unauthorized."""
    row = connection.execute(BY_TOKEN, {"digest": digest(token)}).mappings().one_or_none()
    if row is None:
        raise Unauthorized("This token is unknown or has expired.")
    return Agent(**row)


def by_session(connection: Connection, token: str | None) -> Agent | None:
    """The agent of a page's session, or None."""
    if not token:
        return None
    row = connection.execute(BY_SESSION, {"digest": digest(token)}).mappings().one_or_none()
    return Agent(**row) if row else None


def sign_in(connection: Connection, email: str, password: str) -> str:
    """Open a session for the right password and return its token, new at every sign-in. Raises Unauthorized.

    A hash made with older parameters is renewed.
    """
    row = connection.execute(BY_EMAIL, {"email": email}).one_or_none()
    if not _matches(row.password_hash if row else _NOBODY, password) or row is None or row.project_id is None:
        raise Unauthorized("E-mail and password do not match.")
    if _hasher.check_needs_rehash(row.password_hash):
        renewed = {"hash": hash_password(password), "id": row.id}
        connection.execute(text("UPDATE agent SET password_hash = :hash WHERE id = :id"), renewed)
    token = new_token()
    parameters = {"digest": digest(token), "project": row.project_id, "agent": row.id, "days": SESSION_DAYS}
    connection.execute(OPEN_SESSION, parameters)
    return token


def sign_out(connection: Connection, token: str) -> None:
    """End a session; ended ones of others go with it once they have expired."""
    connection.execute(CLOSE_SESSION, {"digest": digest(token)})


def issue_token(connection: Connection, project_id: int, agent_id: int, name: str = "") -> str:
    """A new API token of a member. It is told once and stored as its digest."""
    token = new_token()
    connection.execute(NEW_TOKEN, {"project": project_id, "agent": agent_id, "digest": digest(token), "name": name})
    return token


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
