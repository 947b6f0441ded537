"""Who visits: a conversation that begins, and whose token it is.

Owns the statements of both. What a visitor writes is inbox/receiving.py's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from inbox.attachments import Sender
from inbox.change import change_cte
from inbox.errors import NotFound
from inbox.saying import later
from inbox.tokens import digest, new_token

GONE = later("This conversation does not exist any more.")


@dataclass(frozen=True)
class Session:
    """What a visitor holds: the token is told once and stored only as its digest."""

    token: str
    conversation_id: int


@dataclass(frozen=True)
class Visit:
    """Who is asking on the visitor's side: one visitor in one conversation of one project."""

    project_id: int
    visitor_id: int
    visitor_name: str | None
    conversation_id: int
    answers_when: str

    @property
    def sender(self) -> Sender:
        """As somebody who sends and reads files."""
        return Sender(self.project_id, self.conversation_id, "visitor", self.visitor_id)


START = text(
    """
WITH p AS (SELECT id FROM project WHERE key = :key),
v AS (
    INSERT INTO visitor (project_id, external_id, name, email)
    SELECT p.id, :external_id, :name, :email FROM p RETURNING id, project_id),
c AS (
    INSERT INTO conversation (project_id, visitor_id) SELECT v.project_id, v.id FROM v RETURNING *),
s AS (
    INSERT INTO visitor_session (token_hash, project_id, visitor_id, conversation_id)
    SELECT :token_hash, c.project_id, c.visitor_id, c.id FROM c),
"""
    + change_cte()
    + "SELECT id FROM c"
)

# Of somebody whom the project's site has vouched for: the same visitor again, in the conversation that they had last.
RETURN = text(
    """
WITH p AS (SELECT id FROM project WHERE key = :key),
v AS (
    INSERT INTO visitor (project_id, external_id, name, email, verified)
    SELECT p.id, :external_id, :name, :email, true FROM p
    ON CONFLICT (project_id, external_id) WHERE verified DO UPDATE SET
        name = COALESCE(EXCLUDED.name, visitor.name), email = COALESCE(EXCLUDED.email, visitor.email),
        version = visitor.version + 1
    RETURNING id, project_id),
had AS (
    SELECT c.id, c.project_id, c.visitor_id FROM conversation c JOIN v ON v.id = c.visitor_id
    ORDER BY c.active_at DESC, c.id DESC LIMIT 1),
c AS (
    INSERT INTO conversation (project_id, visitor_id)
    SELECT v.project_id, v.id FROM v WHERE NOT EXISTS (SELECT 1 FROM had) RETURNING *),
one AS (SELECT id, project_id, visitor_id FROM c UNION ALL SELECT id, project_id, visitor_id FROM had),
s AS (
    INSERT INTO visitor_session (token_hash, project_id, visitor_id, conversation_id)
    SELECT :token_hash, one.project_id, one.visitor_id, one.id FROM one),
"""
    + change_cte()
    + "SELECT id FROM one"
)

WHO = text(
    """
SELECT s.project_id, s.visitor_id, v.name AS visitor_name, s.conversation_id, p.answers_when
FROM visitor_session s JOIN visitor v ON v.id = s.visitor_id JOIN project p ON p.id = s.project_id
WHERE s.token_hash = :token_hash
"""
)


def start_session(
    connection: Connection,
    *,
    key: str,
    visitor: Mapping[str, str | None],
    token: str | None = None,
    verified: bool = False,
) -> Session:
    """An empty open conversation of a new visitor, for a token given or made. Raises NotFound for an unknown key.

    What the visitor says of themselves is unverified, so it never joins an existing visitor. A verified one, whose
    external_id was proven (inbox/identity.py), is the same visitor on every device and goes on where they were.
    """
    token = token or new_token()
    parameters = {
        "key": key,
        "token_hash": digest(token),
        "external_id": visitor.get("external_id"),
        "name": visitor.get("name"),
        "email": visitor.get("email"),
    }
    row = connection.execute(RETURN if verified else START, parameters).one_or_none()
    if row is None:
        raise NotFound("There is no project with this key.")
    return Session(token, row.id)


def who(connection: Connection, token: str) -> Visit | None:
    """Whose token this is, or None."""
    row = connection.execute(WHO, {"token_hash": digest(token)}).mappings().one_or_none()
    return Visit(**row) if row else None
