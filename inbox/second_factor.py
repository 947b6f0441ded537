"""The second factor of a sign-in: codes of an app (TOTP), codes on paper, and whether there is one at all.

Owns their statements. The shared secret is sealed (inbox/sealing.py), codes on paper are stored as digests, each works
once. A code of the app is taken once, also by two who send it at the same time, and few may be tried:
tests/integration/test_second_factor.py. Passkeys are inbox/passkeys.py's.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass

import pyotp
from sqlalchemy import Connection, text

from inbox import audit
from inbox.errors import Invalid, RateLimited, Unauthorized
from inbox.sealing import Sealer
from inbox.tokens import digest

PURPOSE = b"tandem: second factors"  # so that a project's tools are sealed with another key
STEP_SECONDS = 30  # as every app has it
DRIFT_STEPS = 1  # a phone's clock may be half a minute off
PAPER_CODES = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look like another on paper
MOST_TRIES = 5
WINDOW_MINUTES = 15

BEGIN = text(
    """
INSERT INTO totp (agent_id, secret) VALUES (:agent, :secret)
ON CONFLICT (agent_id) DO UPDATE SET secret = EXCLUDED.secret, last_step = 0, created_at = clock_timestamp()
WHERE totp.confirmed_at IS NULL RETURNING agent_id
"""
)
FIND = text("SELECT secret, confirmed_at FROM totp WHERE agent_id = :agent")
CONFIRM = text(
    """
UPDATE totp SET confirmed_at = clock_timestamp(), last_step = :step
WHERE agent_id = :agent AND confirmed_at IS NULL AND secret = :secret RETURNING agent_id
"""
)
# The row remembers the newest step: of two who send the same code one finds an older step there.
TAKE = text(
    """
UPDATE totp SET last_step = :step
WHERE agent_id = :agent AND confirmed_at IS NOT NULL AND last_step < :step RETURNING agent_id
"""
)
TAKE_PAPER = text("DELETE FROM recovery_code WHERE agent_id = :agent AND code_hash = :digest RETURNING agent_id")
# Counted before it is looked at, so that many at once are not more than few.
TRY = text(
    """
UPDATE agent SET
    code_tries = CASE WHEN code_window_at < clock_timestamp() - make_interval(mins => :minutes) THEN 1
        ELSE code_tries + 1 END,
    code_window_at = CASE WHEN code_window_at < clock_timestamp() - make_interval(mins => :minutes)
        THEN clock_timestamp() ELSE code_window_at END
WHERE id = :agent AND (code_tries < :most OR code_window_at < clock_timestamp() - make_interval(mins => :minutes))
RETURNING id
"""
)
FORGET_TRIES = text("UPDATE agent SET code_tries = 0 WHERE id = :agent")
NEW_PAPER = text(
    """
WITH gone AS (DELETE FROM recovery_code WHERE agent_id = :agent AND NOT (code_hash = ANY(:digests)))
INSERT INTO recovery_code (agent_id, code_hash) SELECT :agent, unnest(CAST(:digests AS bytea[]))
ON CONFLICT DO NOTHING
"""
)
REMOVE = text("DELETE FROM totp WHERE agent_id = :agent RETURNING confirmed_at")
# Without a factor, codes on paper prove nothing.
REMOVE_PAPER = text(
    """
DELETE FROM recovery_code r WHERE r.agent_id = :agent
    AND NOT EXISTS (SELECT FROM totp t WHERE t.agent_id = r.agent_id AND t.confirmed_at IS NOT NULL)
    AND NOT EXISTS (SELECT FROM passkey p WHERE p.agent_id = r.agent_id)
"""
)
STATE = text(
    """
SELECT EXISTS (SELECT FROM totp WHERE agent_id = :agent AND confirmed_at IS NOT NULL) AS app,
    (SELECT count(*) FROM recovery_code WHERE agent_id = :agent) AS paper_codes,
    (SELECT count(*) FROM passkey WHERE agent_id = :agent) AS passkeys
"""
)


@dataclass(frozen=True)
class State:
    """What an agent has: an app that is confirmed, how many codes on paper and passkeys."""

    app: bool
    paper_codes: int
    passkeys: int

    @property
    def on(self) -> bool:
        """Whether a password alone does not let them in."""
        return self.app or self.passkeys > 0


def state(connection: Connection, agent_id: int) -> State:
    """What the agent has."""
    return State(**connection.execute(STATE, {"agent": agent_id}).mappings().one())


def begin(connection: Connection, agent_id: int, sealer: Sealer) -> None:
    """A new secret, not asked for yet. Raises Invalid where an app is confirmed already."""
    sealed = sealer.seal(pyotp.random_base32())
    if connection.execute(BEGIN, {"agent": agent_id, "secret": sealed}).one_or_none() is None:
        raise Invalid("Codes of an app are asked for already. Switch them off first.", fields={})


def secret_to_confirm(connection: Connection, agent_id: int, sealer: Sealer) -> str | None:
    """The secret that the app has to be told, while it is not confirmed."""
    row = connection.execute(FIND, {"agent": agent_id}).one_or_none()
    return sealer.open(row.secret) if row and row.confirmed_at is None else None


def address_of(secret: str, email: str) -> str:
    """The secret as an app reads it from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name="Tandem")


def confirm(connection: Connection, agent_id: int, code: str, sealer: Sealer, now: float) -> list[str]:
    """Ask for codes from here on; the codes for paper, told this once. Raises Invalid for a code that is not the app's.

    Must run in a transaction.
    """
    row = connection.execute(FIND, {"agent": agent_id}).one_or_none()
    step = _step(sealer.open(row.secret), code, now) if row and row.confirmed_at is None else None
    if row is None or step is None:
        raise Invalid("This is not the code that the app shows now.", fields={"code": "does not match"})
    confirmed = {"agent": agent_id, "step": step, "secret": row.secret}
    if connection.execute(CONFIRM, confirmed).one_or_none() is None:  # begun anew, or confirmed, in this moment
        raise Invalid(
            "Another secret was made in this moment. Read the newest into the app.", fields={"code": "is old"}
        )
    audit.record_of_agent(connection, agent_id, "second_factor_on", "app")
    return new_paper_codes(connection, agent_id)


def new_paper_codes(connection: Connection, agent_id: int) -> list[str]:
    """New codes for paper in place of the old ones, told this once."""
    codes = ["-".join("".join(secrets.choice(LETTERS) for _ in range(5)) for _ in range(2)) for _ in range(PAPER_CODES)]
    digests = [digest(_plain(code)) for code in codes]
    connection.execute(NEW_PAPER, {"agent": agent_id, "digests": digests})
    audit.record_of_agent(connection, agent_id, "recovery_codes_made")
    return codes


def prove(connection: Connection, agent_id: int, code: str, sealer: Sealer, now: float) -> str:
    """Take a code of the app or from paper; returns which of both it was. Raises Unauthorized, RateLimited.

    Each statement commits by itself: a try counts also where the process dies before the answer.
    """
    limits = {"agent": agent_id, "most": MOST_TRIES, "minutes": WINDOW_MINUTES}
    if connection.execute(TRY, limits).one_or_none() is None:
        raise RateLimited(
            "Too many codes were tried. Wait %(minutes)s minutes and try again.", filled={"minutes": WINDOW_MINUTES}
        )
    row = connection.execute(FIND, {"agent": agent_id}).one_or_none()
    step = _step(sealer.open(row.secret), code, now) if row and row.confirmed_at else None
    how = ""
    if step is not None and connection.execute(TAKE, {"agent": agent_id, "step": step}).one_or_none():
        how = "app"
    elif connection.execute(TAKE_PAPER, {"agent": agent_id, "digest": digest(_plain(code))}).one_or_none():
        how = "recovery code"
    if not how:
        raise Unauthorized("This code is not right, or was used already.")
    connection.execute(FORGET_TRIES, {"agent": agent_id})
    return how


def remove_app(connection: Connection, agent_id: int) -> None:
    """Ask for codes of the app no more. Must run in a transaction."""
    row = connection.execute(REMOVE, {"agent": agent_id}).one_or_none()
    forget_paper(connection, agent_id)
    if row is not None and row.confirmed_at is not None:
        audit.record_of_agent(connection, agent_id, "second_factor_off", "app")


def forget_paper(connection: Connection, agent_id: int) -> None:
    """Forget the codes on paper where no factor is left."""
    connection.execute(REMOVE_PAPER, {"agent": agent_id})


def _step(secret: str | None, code: str, now: float) -> int | None:
    """The time step whose code this is, or None. Every step is compared, so that time tells nothing."""
    if secret is None:
        return None
    app, wanted, found = pyotp.TOTP(secret), "".join(code.split()), None
    for step in range(int(now // STEP_SECONDS) - DRIFT_STEPS, int(now // STEP_SECONDS) + DRIFT_STEPS + 1):
        if hmac.compare_digest(app.at(step * STEP_SECONDS).encode(), wanted.encode("utf-8", "replace")):
            found = step
    return found


def _plain(code: str) -> str:
    return code.strip().lower().replace("-", "").replace(" ", "")
