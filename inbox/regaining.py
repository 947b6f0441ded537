"""An account whose owner is locked out: a new password, and their second factor taken away if that is lost too.

Owns the statement. For whoever runs Tandem, at the command line alone: an account is the same in all of its projects,
so a manager of one of them must not come into the others with it.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from inbox import passwords
from inbox.conversation import storable
from inbox.errors import NotFound

# Whoever signs in at this moment is waited for, so that the next statement sees, and ends, their session.
HOLD = text("SELECT FROM agent WHERE lower(email) = lower(:email) FOR NO KEY UPDATE")
# Whoever else has come in is out with it, and every project's log says so.
REGAIN = text(
    """
WITH a AS (
    UPDATE agent SET password_hash = :hash, code_tries = 0 WHERE lower(email) = lower(:email) RETURNING id, name),
sessions AS (DELETE FROM agent_session USING a WHERE agent_id = a.id),
apps AS (DELETE FROM totp USING a WHERE :forget AND agent_id = a.id RETURNING confirmed_at),
keys AS (DELETE FROM passkey USING a WHERE :forget AND agent_id = a.id RETURNING agent_id),
paper AS (DELETE FROM recovery_code USING a WHERE :forget AND agent_id = a.id),
lost AS (SELECT (SELECT count(*) FROM apps WHERE confirmed_at IS NOT NULL) + (SELECT count(*) FROM keys) > 0 AS any),
given AS (
    INSERT INTO audit_entry (project_id, kind, actor_name, subject, data)
    SELECT m.project_id, 'password_given', 'Tandem', a.name, jsonb_build_object('how', 'command line')
    FROM a JOIN membership m ON m.agent_id = a.id),
taken AS (
    INSERT INTO audit_entry (project_id, kind, actor_name, subject, data)
    SELECT m.project_id, 'second_factor_taken', 'Tandem', a.name, jsonb_build_object('how', 'command line')
    FROM a JOIN membership m ON m.agent_id = a.id JOIN lost ON lost.any)
SELECT id FROM a
"""
)


def regain(connection: Connection, email: str, password: str, *, forget_second_factor: bool) -> int:
    """Give the agent of an address this password and end their sessions; returns their id. Must run in a transaction.
    Raises NotFound.

    API tokens go on: they are no way to sign in.
    """
    if not storable(email):  # nor could it be said back
        raise NotFound
    parameters = {"email": email, "hash": passwords.hash_password(password), "forget": forget_second_factor}
    connection.execute(HOLD, {"email": email})
    row = connection.execute(REGAIN, parameters).one_or_none()
    if row is None:
        raise NotFound(f"There is no agent with the address {email}.")
    return int(row.id)
