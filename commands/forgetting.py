"""Deleting the account of somebody who is in no project any more, and saying who has one.

Owns the statements. The row stays, empty, for what they did in projects names it; a project's messages, timelines and
audit log keep the name that stood there then. Must not be used by routes: an account is of no project.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text

from inbox import passwords
from inbox.conversation import storable
from inbox.errors import Invalid, NotFound
from inbox.tokens import new_token

FORMER = "@former.invalid"  # ends the addresses of emptied accounts: RFC 2606 keeps it from being anybody's

LISTED = text(
    f"""
SELECT a.id, a.email, a.name, COALESCE((
    SELECT json_agg(json_build_object('id', p.id, 'name', p.name, 'role', m.role) ORDER BY p.id)
    FROM membership m JOIN project p ON p.id = m.project_id WHERE m.agent_id = a.id), '[]') AS projects
FROM agent a WHERE a.email NOT LIKE '%{FORMER}' ORDER BY a.id
"""
)
# Whoever adds them to a project at this moment is waited for, or waits:
# tests/integration/test_forgetting.py::test_who_is_added_at_that_moment_stays
HOLD = text("SELECT id FROM agent WHERE lower(email) = lower(:email) FOR UPDATE")
THEIRS = text(
    """
SELECT p.id, p.name FROM membership m JOIN project p ON p.id = m.project_id WHERE m.agent_id = :agent ORDER BY p.id
"""
)
# What is theirs alone. Views that they shared stay with the team.
EMPTY = (
    *(
        text(f"DELETE FROM {table} WHERE agent_id = :agent")
        for table in (
            "agent_session", "totp", "passkey", "passkey_challenge", "recovery_code", "api_token", "unsent_text",
            "mention", "bulk_act",
        )
    ),
    text("DELETE FROM saved_view WHERE created_by = :agent AND NOT shared"),
    text(
        f"""
UPDATE agent SET email = 'agent-' || id || '{FORMER}', name = 'Former agent', password_hash = :hash,
    language = '', time_zone = '', code_tries = 0
WHERE id = :agent
"""
    ),
)  # fmt: skip


def listed(connection: Connection) -> list[dict[str, Any]]:
    """Every account with the projects that it is in."""
    return [dict(row) for row in connection.execute(LISTED).mappings()]


def forget(connection: Connection, email: str) -> int:
    """Empty the account of an address, which is free then; returns its id. Must run in a transaction.

    Raises NotFound; Invalid while they are in a project.
    """
    if not storable(email):  # nor could it be said back
        raise NotFound
    found = connection.execute(HOLD, {"email": email}).scalar()
    if found is None or email.lower().endswith(FORMER):
        raise NotFound(f"There is no agent with the address {email}.")
    theirs = [f"{row.name} ({row.id})" for row in connection.execute(THEIRS, {"agent": found})]
    if theirs:
        words = f"They are in {', '.join(theirs)}: a manager takes them out first, under Settings, Team."
        raise Invalid(words, fields={"email": "is a member's"})
    nobodys = passwords.hash_password(new_token())
    for statement in EMPTY:
        named = {"agent": found, "hash": nobodys}
        connection.execute(statement, {name: named[name] for name in statement._bindparams})
    return int(found)
