"""Passkeys: keys that an agent's device holds and unlocks by a touch, a face or a number.

Owns their statements and what the library is told (WebAuthn). A challenge works once and for five minutes; the device
has to check who touches it, so that a passkey is both factors at once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import webauthn
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from webauthn.helpers import (
    base64url_to_bytes,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from inbox import audit
from inbox.access import Agent
from inbox.errors import Invalid, NotFound, Unauthorized
from inbox.second_factor import forget_paper

Row = Mapping[Any, Any]
MOST = 20
LONGEST_NAME = 60
MINUTES = 5
ASKED = UserVerificationRequirement.REQUIRED

CHALLENGE = text(
    """
WITH gone AS (DELETE FROM passkey_challenge WHERE expires_at < clock_timestamp())
INSERT INTO passkey_challenge (challenge, agent_id, expires_at)
VALUES (:challenge, :agent, clock_timestamp() + make_interval(mins => :minutes))
"""
)
# Taken away as it is looked at: what was signed cannot be sent twice.
TAKE_CHALLENGE = text(
    """
DELETE FROM passkey_challenge
WHERE challenge = :challenge AND agent_id IS NOT DISTINCT FROM CAST(:agent AS bigint) AND expires_at > clock_timestamp()
RETURNING challenge
"""
)
MINE = text("SELECT * FROM passkey WHERE agent_id = :agent ORDER BY id")
FIND = text("SELECT * FROM passkey WHERE credential_id = :credential")
ADD = text(
    """
INSERT INTO passkey (agent_id, credential_id, public_key, sign_count, name)
SELECT :agent, :credential, :key, :count, :name
WHERE (SELECT count(*) FROM passkey WHERE agent_id = :agent) < :most RETURNING id
"""
)
USED = text("UPDATE passkey SET sign_count = :count, used_at = clock_timestamp() WHERE id = :id")
RENAME = text("UPDATE passkey SET name = :name WHERE id = :id AND agent_id = :agent RETURNING id")
REMOVE = text("DELETE FROM passkey WHERE id = :id AND agent_id = :agent RETURNING name")


@dataclass(frozen=True)
class Site:
    """Where the pages are: a passkey is bound to the name, and to nothing else."""

    name: str
    origin: str
    is_named: bool = True  # and not a bare address, to which no browser binds one


def of_agent(connection: Connection, agent_id: int) -> Sequence[Row]:
    """The agent's passkeys, oldest first."""
    return connection.execute(MINE, {"agent": agent_id}).mappings().all()


def ask_to_register(connection: Connection, who: Agent, site: Site) -> dict[str, Any]:
    """What the browser is told to make a passkey."""
    options = webauthn.generate_registration_options(
        rp_id=site.name,
        rp_name="Tandem",
        user_id=str(who.id).encode(),
        user_name=who.email,
        user_display_name=who.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=ASKED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=bytes(row["credential_id"])) for row in of_agent(connection, who.id)
        ],
    )
    _remember(connection, options.challenge, who.id)
    return dict(json.loads(webauthn.options_to_json(options)))


def register(connection: Connection, who: Agent, credential: Any, name: str, site: Site) -> None:
    """Keep a passkey that the browser made. Raises Invalid. Must run in a transaction."""
    try:
        said = parse_registration_credential_json(credential)
        challenge = _take(connection, said.response.client_data_json, who.id)
        verified = webauthn.verify_registration_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Invalid("The device’s answer does not fit. Try again.", fields={"credential": "does not fit"}) from error
    shown = _called(name)
    values = {"agent": who.id, "credential": verified.credential_id, "key": verified.credential_public_key}
    values |= {"count": verified.sign_count, "name": shown, "most": MOST}
    try:
        added = connection.execute(ADD, values).one_or_none()
    except IntegrityError as error:
        raise Invalid("This passkey is known already.", fields={"credential": "is known already"}) from error
    if added is None:
        raise Invalid("These are enough passkeys. Remove one first.", fields={"credential": "is one too many"})
    audit.record_of_agent(connection, who.id, "second_factor_on", "passkey", {"name": shown})


def ask_to_sign_in(connection: Connection, site: Site) -> dict[str, Any]:
    """What the browser is told to prove a passkey. Says nothing of who has one."""
    options = webauthn.generate_authentication_options(rp_id=site.name, user_verification=ASKED)
    _remember(connection, options.challenge, None)
    return dict(json.loads(webauthn.options_to_json(options)))


def prove(connection: Connection, credential: Any, site: Site) -> int:
    """Whose passkey signed: the agent's id. Raises Unauthorized."""
    try:
        said = parse_authentication_credential_json(credential)
        challenge = _take(connection, said.response.client_data_json, None)
        row = connection.execute(FIND, {"credential": base64url_to_bytes(said.id)}).mappings().one_or_none()
        if row is None:
            raise ValueError("an unknown passkey")
        verified = webauthn.verify_authentication_response(
            credential=said,
            expected_challenge=challenge,
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=bytes(row["public_key"]),
            credential_current_sign_count=row["sign_count"],
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Unauthorized("This passkey was not accepted.") from error
    connection.execute(USED, {"id": row["id"], "count": verified.new_sign_count})
    return int(row["agent_id"])


def rename(connection: Connection, agent_id: int, passkey_id: int, name: str) -> None:
    """Call one of the agent's passkeys otherwise. Raises NotFound."""
    values = {"agent": agent_id, "id": passkey_id, "name": _called(name)}
    if connection.execute(RENAME, values).one_or_none() is None:
        raise NotFound


def _called(name: str) -> str:
    return " ".join(name.replace("\0", " ").split())[:LONGEST_NAME] or "Passkey"


def remove(connection: Connection, agent_id: int, passkey_id: int) -> None:
    """Forget one of the agent's passkeys. Raises NotFound. Must run in a transaction."""
    row = connection.execute(REMOVE, {"agent": agent_id, "id": passkey_id}).one_or_none()
    if row is None:
        raise NotFound
    forget_paper(connection, agent_id)
    audit.record_of_agent(connection, agent_id, "second_factor_off", "passkey", {"name": row.name})


def _remember(connection: Connection, challenge: bytes, agent_id: int | None) -> None:
    connection.execute(CHALLENGE, {"challenge": challenge, "agent": agent_id, "minutes": MINUTES})


def _take(connection: Connection, client_data: bytes, agent_id: int | None) -> bytes:
    challenge = parse_client_data_json(client_data).challenge
    found = connection.execute(TAKE_CHALLENGE, {"challenge": challenge, "agent": agent_id}).one_or_none()
    if found is None:
        raise ValueError("a challenge that nobody was told, or that was answered")
    return challenge
