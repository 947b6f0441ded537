"""Sessions of agents at their browsers: opened at a sign-in, seen by their owner, ended by either.

Owns their statements. The token is new at every sign-in and stored as its digest. A membership's end ends its sessions
(the foreign key), a new password all others of the agent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from inbox.errors import NotFound, Unauthorized
from inbox.saying import later
from inbox.tokens import digest, new_token

Row = Mapping[Any, Any]
DAYS = 14
HOURS = 12  # of a session that is not to stay on the device
NEW_PASSWORD = later("The password was changed in this moment. Sign in with the new one.")

# To judge a password takes a while. One that is changed meanwhile lets nobody in any more; the lock waits for whoever
# is changing it: tests/integration/test_access.py::test_a_password_that_is_changed_while_it_is_judged
OPEN = text(
    """
WITH a AS (
    SELECT id, name FROM agent
    WHERE id = :agent AND (CAST(:hash AS text) IS NULL OR password_hash = CAST(:hash AS text)) FOR SHARE),
s AS (
    INSERT INTO agent_session (token_hash, project_id, agent_id, device, address, expires_at)
    SELECT :digest, :project, a.id, :device, :address, clock_timestamp() + make_interval(hours => :hours) FROM a
    RETURNING *),
audited AS (
    INSERT INTO audit_entry (project_id, kind, actor_id, actor_name, data)
    SELECT s.project_id, 'signed_in', a.id, a.name, jsonb_build_object(
        'how', CAST(:how AS text), 'device', s.device, 'address', s.address)
    FROM s JOIN a ON a.id = s.agent_id)
SELECT id FROM s
"""
)
CLOSE = text("DELETE FROM agent_session WHERE token_hash = :digest OR expires_at < statement_timestamp()")
# A page asks often; once a minute is enough to know whether somebody was there.
SEEN = text(
    """
UPDATE agent_session SET seen_at = clock_timestamp(), address = :address
WHERE token_hash = :digest AND seen_at < clock_timestamp() - interval '1 minute'
"""
)
MINE = text(
    """
SELECT s.id, s.device, s.address, s.created_at, s.seen_at, s.token_hash = :digest AS here, p.name AS project_name
FROM agent_session s JOIN project p ON p.id = s.project_id
WHERE s.agent_id = :agent AND s.expires_at > clock_timestamp() ORDER BY here DESC, s.seen_at DESC, s.id DESC
"""
)
END = text("DELETE FROM agent_session WHERE id = :session AND agent_id = :agent")
END_OTHERS = text("DELETE FROM agent_session WHERE agent_id = :agent AND token_hash <> :digest")
SWITCH = text(
    """
UPDATE agent_session s SET project_id = m.project_id FROM membership m
WHERE s.token_hash = :digest AND s.agent_id = :agent AND m.agent_id = s.agent_id AND m.project_id = :project
RETURNING s.id
"""
)


@dataclass(frozen=True)
class Visiting:
    """Where somebody signs in from."""

    device: str = ""
    address: str = ""
    stays: bool = True


def start(
    connection: Connection, agent_id: int, project_id: int, where: Visiting, *, how: str, password_hash: str | None
) -> str:
    """Open a session and return its token. `how` is what proved who they are, for the audit log.

    Raises Unauthorized where `password_hash`, of when they proved it, is not the agent's any more; None is not asked.
    """
    token = new_token()
    parameters = {
        "digest": digest(token),
        "project": project_id,
        "agent": agent_id,
        "device": where.device,
        "address": where.address,
        "hours": DAYS * 24 if where.stays else HOURS,
        "how": how,
        "hash": password_hash,
    }
    if connection.execute(OPEN, parameters).one_or_none() is None:
        raise Unauthorized(NEW_PASSWORD)
    return token


def end(connection: Connection, token: str) -> None:
    """End a session; ended ones of others go with it once they have expired."""
    connection.execute(CLOSE, {"digest": digest(token)})


def seen(connection: Connection, token: str, address: str) -> None:
    """Its owner is there now."""
    connection.execute(SEEN, {"digest": digest(token), "address": address})


def of_agent(connection: Connection, agent_id: int, token: str) -> Sequence[Row]:
    """An agent's sessions; `here` is the one that asks."""
    return connection.execute(MINE, {"agent": agent_id, "digest": digest(token)}).mappings().all()


def revoke(connection: Connection, agent_id: int, session_id: int) -> int:
    """End one of the agent's own sessions; returns how many it was."""
    return connection.execute(END, {"agent": agent_id, "session": session_id}).rowcount


def revoke_others(connection: Connection, agent_id: int, token: str) -> int:
    """End every session of the agent but this one; returns how many."""
    return connection.execute(END_OTHERS, {"agent": agent_id, "digest": digest(token)}).rowcount


def switch(connection: Connection, agent_id: int, token: str, project_id: int) -> None:
    """Go on in another project of the agent's. Raises NotFound for one that they are no member of."""
    parameters = {"agent": agent_id, "digest": digest(token), "project": project_id}
    if connection.execute(SWITCH, parameters).one_or_none() is None:
        raise NotFound


BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def device_of(user_agent: str) -> str:
    """A browser and a system in words, as far as a User-Agent says them: it is a hint for people and proves nothing."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    if browser or system:
        return " · ".join(filter(None, (browser, system)))
    return re.sub(r"[^\x20-\x7e]", "", user_agent)[:60]
