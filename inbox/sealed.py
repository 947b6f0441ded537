"""Whether the secrets in the database were sealed with this installation's secret key.

Owns that question, which is asked once at a start: with another key nothing says so until a second factor, a webhook or
a tool fails. Must not show what it opens.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from inbox import second_factor
from inbox.sealing import PURPOSE, Sealer

# The newest of each kind: where a key was changed knowingly, what was entered again since can be read.
NEWEST = text(
    """
(SELECT CAST(:factors AS text) AS purpose, secret FROM totp ORDER BY agent_id DESC LIMIT 1)
UNION ALL (SELECT :rest, secret FROM webhook ORDER BY id DESC LIMIT 1)
UNION ALL (SELECT :rest, header_value FROM http_tool WHERE header_value IS NOT NULL ORDER BY id DESC LIMIT 1)
UNION ALL (SELECT :rest, secret FROM identity_secret ORDER BY id DESC LIMIT 1)
"""
)


def is_of_another_key(connection: Connection, secret_key: str) -> bool:
    """Whether there are secrets, and none of the newest can be opened with this key."""
    purposes = {"factors": second_factor.PURPOSE.decode(), "rest": PURPOSE.decode()}
    rows = connection.execute(NEWEST, purposes).all()
    opened = [Sealer(secret_key, row.purpose.encode()).open(bytes(row.secret)) for row in rows]
    return bool(rows) and not any(opened)
