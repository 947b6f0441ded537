"""What agents set for themselves: name, password, language and time zone. It holds in all of their projects.

Owns the statements. A new password ends every other session of theirs in the same statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from sqlalchemy import Connection, text

from inbox import access, audit, passwords
from inbox.access import Agent
from inbox.conversation import storable
from inbox.errors import Invalid
from inbox.language import LANGUAGES
from inbox.tokens import digest

HASH = text("SELECT password_hash FROM agent WHERE id = :agent")
CHANGE = text("UPDATE agent SET name = :name, language = :language, time_zone = :time_zone WHERE id = :agent")
# Whoever signs in at this moment is waited for, so that the next statement sees, and ends, their session.
HOLD = text("SELECT FROM agent WHERE id = :agent FOR NO KEY UPDATE")
# The old hash is the guard: of two who change it at once one wins, and says so.
NEW_PASSWORD = text(
    """
WITH a AS (UPDATE agent SET password_hash = :new WHERE id = :agent AND password_hash = :old RETURNING id),
ended AS (DELETE FROM agent_session USING a WHERE agent_id = a.id AND token_hash <> :digest)
SELECT id FROM a
"""
)


@cache
def time_zones() -> tuple[str, ...]:
    """The zones that may be chosen, by name."""
    named = (zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/"))
    return (*sorted(named), "UTC")


def person_name(typed: str) -> str:
    """A person's name as it is kept, on one line. Raises Invalid."""
    name = " ".join(typed.split())
    if not 1 <= len(name) <= access.LONGEST_NAME or not storable(name):
        raise Invalid("Say your name.", fields={"name": f"has to have 1 to {access.LONGEST_NAME} characters"})
    return name


def change(connection: Connection, who: Agent, typed: Mapping[str, Any]) -> None:
    """Set name, language and time zone; an empty one of the latter two is the browser's. Raises Invalid."""
    name = ""
    faults: dict[str, str] = {}
    try:
        name = person_name(str(typed["name"]))
    except Invalid as fault:
        faults |= fault.extra["fields"]
    if typed["language"] not in ("", *LANGUAGES):
        faults["language"] = "is none that Tandem speaks"
    if typed["time_zone"] not in ("", *time_zones()):
        faults["time_zone"] = "is no time zone, such as Asia/Ho_Chi_Minh"
    if faults:
        raise Invalid(f"Not valid: {', '.join(faults)}.", fields=faults)
    values = {"agent": who.id, "name": name, "language": typed["language"], "time_zone": typed["time_zone"]}
    connection.execute(CHANGE, values)


def require_password(connection: Connection, who: Agent, password: str) -> str:
    """The stored hash, where this is their password: asked before what a stranger at an open page must not do.

    Raises Invalid.
    """
    stored = str(connection.execute(HASH, {"agent": who.id}).scalar_one())
    if not passwords.matches(stored, password):
        raise Invalid("This is not your password.", fields={"old": "does not match"})
    return stored


def set_password(connection: Connection, who: Agent, old: str, new: str, session_token: str) -> None:
    """Set a new password and end the agent's other sessions. Raises Invalid. Must run in a transaction."""
    stored = require_password(connection, who, old)
    passwords.require_fitting(new)
    values = {"agent": who.id, "old": stored, "new": passwords.hash_password(new), "digest": digest(session_token)}
    connection.execute(HOLD, {"agent": who.id})
    if connection.execute(NEW_PASSWORD, values).one_or_none() is None:
        raise Invalid("The password was changed elsewhere in this moment.", fields={"old": "does not match"})
    audit.record_of_agent(connection, who.id, "password_changed")
