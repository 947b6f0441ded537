"""Who a visitor is, as the project's own site has signed it: a JSON Web Token (HS256) with its identity secret.

Claims: `sub` (the site's id of the person), `aud` (the project's key, so that another project's token is none here),
`exp` (at most a day ahead), and if you like `name` and `email`. PyJWT checks the signature in constant time.

Owns the secrets and the check. Must not open a session: visiting.py does, with what was proven here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt
from jwt.types import Options
from sqlalchemy import Connection, text

from inbox import projects
from inbox.access import Agent, require_manager
from inbox.audit import audit_cte
from inbox.conversation import storable
from inbox.errors import Invalid
from inbox.sealing import Sealer

LONGEST_SECONDS = 24 * 3600  # a token that leaks from a page's source is worthless the next day
LEEWAY_SECONDS = 60  # two servers' clocks
MOST_CHARACTERS = 320
FIELD = "visitor.identity"

SECRETS = text(
    """
SELECT s.secret FROM identity_secret s JOIN project p ON p.id = s.project_id
WHERE p.key = :key AND (s.expires_at IS NULL OR s.expires_at > clock_timestamp()) ORDER BY s.id DESC
"""
)
ROTATE = text(
    f"""
WITH old AS (
    UPDATE identity_secret SET expires_at = clock_timestamp() + interval '1 day'
    WHERE project_id = :project AND expires_at IS NULL),
made AS (
    INSERT INTO identity_secret (project_id, secret, made_by) VALUES (:project, :secret, :who_name) RETURNING id),
{audit_cte("made", "'identity_secret_made'")}
SELECT id FROM made
"""
)
REVOKE = text(
    f"""
WITH gone AS (DELETE FROM identity_secret WHERE project_id = :project RETURNING id),
{audit_cte("(SELECT count(*) FROM gone HAVING count(*) > 0) AS ended", "'identity_secrets_ended'")}
SELECT count(*) FROM gone
"""
)
STATE = text(
    """
SELECT made_by, created_at,
    (SELECT max(expires_at) FROM identity_secret o
        WHERE o.project_id = :project AND o.expires_at > clock_timestamp()) AS previous_until
FROM identity_secret WHERE project_id = :project AND expires_at IS NULL ORDER BY id DESC LIMIT 1
"""
)


@dataclass(frozen=True)
class Identity:
    """A person whom the project's site knows."""

    external_id: str
    name: str | None
    email: str | None


def rotate(connection: Connection, who: Agent, sealer: Sealer, secret: str) -> None:
    """Make this the project's secret; the one before is good for a day more. Raises Forbidden."""
    require_manager(who, projects.FOR_MANAGERS)
    connection.execute(ROTATE, who.asking | {"secret": sealer.seal(secret)})


def revoke(connection: Connection, who: Agent) -> None:
    """End every secret of the project at once: nobody is verified any more. Raises Forbidden."""
    require_manager(who, projects.FOR_MANAGERS)
    connection.execute(REVOKE, who.asking)


def state(connection: Connection, project_id: int) -> Mapping[Any, Any] | None:
    """Who made the secret in use, and when, and until when the one before is good; None where there is none."""
    return connection.execute(STATE, {"project": project_id}).mappings().one_or_none()


def verify(connection: Connection, sealer: Sealer, project_key: str, token: str) -> Identity:
    """Whom the token is about. Raises Invalid for one that is expired, tampered with, another project's, or none."""
    sealed = connection.execute(SECRETS, {"key": project_key}).scalars().all()
    reason = "cannot be checked: this project has no identity secret"
    for secret in filter(None, (sealer.open(bytes(one)) for one in sealed)):
        try:
            return _identity(_claims(token, secret, project_key))
        except jwt.ExpiredSignatureError:
            reason = "has expired"
        except jwt.InvalidAudienceError:
            reason = "is for another project: its `aud` is not this project's key"
        except jwt.MissingRequiredClaimError as error:
            reason = f"lacks the claim {error.claim}"
        except jwt.InvalidTokenError:
            reason = "is not signed with this project's identity secret" if reason.startswith("cannot") else reason
    raise _invalid(reason)


def _claims(token: str, secret: str, project_key: str) -> dict[str, Any]:
    required: Options = {"require": ["sub", "aud", "exp"]}
    claims: dict[str, Any] = jwt.decode(
        token, secret, algorithms=["HS256"], audience=project_key, leeway=LEEWAY_SECONDS, options=required
    )
    if claims["exp"] > time.time() + LONGEST_SECONDS + LEEWAY_SECONDS:
        raise _invalid("is good for more than a day: let `exp` be at most 24 hours ahead")
    return claims


def _identity(claims: Mapping[str, Any]) -> Identity:
    external_id, name, email = (_text(claims, claim) for claim in ("sub", "name", "email"))
    if external_id is None:
        raise _invalid("has an empty `sub`")
    return Identity(external_id, name, email)


def _text(claims: Mapping[str, Any], claim: str) -> str | None:
    value = claims.get(claim)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > MOST_CHARACTERS or not storable(value):
        raise _invalid(f"has a `{claim}` that is no text of at most {MOST_CHARACTERS} characters")
    return value


def _invalid(reason: str) -> Invalid:
    return Invalid(f"The identity {reason}.", fields={FIELD: reason})
