"""The API tokens of agents: an agent makes, sees and revokes their own, in one project.

Owns their statements. A token is told once and stored as its digest (inbox/tokens.py); who asks with one is access's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from inbox.access import Agent, Scope
from inbox.audit import audit_cte
from inbox.conversation import LARGEST_ID
from inbox.errors import Forbidden, Invalid, NotFound
from inbox.tokens import digest

Row = Mapping[Any, Any]
MOST_TOKENS = 100  # of one agent in one project

OWN = "project_id = :project AND agent_id = :who"
LISTED = text(f"SELECT * FROM api_token WHERE {OWN} AND id < :before ORDER BY id DESC LIMIT :limit")
CREATE = text(
    f"""
WITH t AS (
    INSERT INTO api_token (project_id, agent_id, name, scope, token_hash, expires_at)
    SELECT :project, :who, :name, :scope, :digest, CAST(:expires_at AS timestamptz)
    WHERE (CAST(:expires_at AS timestamptz) IS NULL OR CAST(:expires_at AS timestamptz) > clock_timestamp())
      AND (SELECT count(*) FROM api_token WHERE {OWN}) < :most
    RETURNING *),
{audit_cte("t", "'token_created'", subject="t.name", data="jsonb_build_object('scope', t.scope)")}
SELECT * FROM t
"""
)
REVOKE = text(
    f"""
WITH t AS (DELETE FROM api_token WHERE {OWN} AND id = :token RETURNING *),
{audit_cte("t", "'token_revoked'", subject="t.name")}
SELECT id FROM t
"""
)


def listed(connection: Connection, who: Agent, *, before: int | None = None, limit: int = 50) -> list[Row]:
    """The asker's own tokens in this project, newest first; what they are is told to nobody again."""
    parameters = {"project": who.project_id, "who": who.id, "before": before or LARGEST_ID, "limit": limit}
    return list(connection.execute(LISTED, parameters).mappings())


def create(
    connection: Connection, who: Agent, token: str, *, name: str, scope: Scope, expires_at: datetime | None
) -> Row:
    """Let the asker in with this token, as far as `scope` goes, until `expires_at` (None: until it is revoked).

    Raises Forbidden for an asker whose own token is narrower, so that none begets a wider one, and Invalid for a time
    that is past or where they have too many.
    """
    _require_full(who)
    parameters = {**who.asking, "digest": digest(token)}
    wanted = {"name": name, "scope": scope, "expires_at": expires_at, "most": MOST_TOKENS}
    row = connection.execute(CREATE, parameters | wanted).mappings().one_or_none()
    if row is None:
        fault = f"must be in the future, and nobody has more than {MOST_TOKENS} tokens"
        raise Invalid("Not valid: expires_at.", fields={"expires_at": fault})
    return row


def revoke(connection: Connection, who: Agent, token_id: int) -> None:
    """Let nobody in with it any more, from now on. Raises NotFound for one that is not the asker's; Forbidden."""
    _require_full(who)
    parameters = {**who.asking, "token": token_id}
    if connection.execute(REVOKE, parameters).one_or_none() is None:
        raise NotFound


def _require_full(who: Agent) -> None:
    if who.scope != "full":
        raise Forbidden("This token may not make or revoke tokens. Use one with the scope full, or the settings page.")
