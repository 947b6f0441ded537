"""Somebody who is locked out is let in again, and whoever else had come in is out."""

from __future__ import annotations

import time

import pyotp
import pytest

from inbox import access, audit, regaining, second_factor, sessions
from inbox.audit import Wanted
from inbox.errors import NotFound, Unauthorized
from inbox.sealing import Sealer
from inbox.sessions import Visiting
from tests.people import People

SEALER = Sealer("a key for tests only", second_factor.PURPOSE)


def kinds(people: People) -> list[str]:
    with people.services.reading() as connection:
        return [row["kind"] for row in audit.listed(connection, people.ana.project_id, Wanted(limit=2))]


def with_app(people: People) -> str:
    """Ana's second factor, and a session of hers."""
    ana = people.ana
    with people.services.transaction() as writing:
        second_factor.begin(writing.connection, ana.id, SEALER)
        secret = second_factor.secret_to_confirm(writing.connection, ana.id, SEALER)
        assert secret
        now = time.time()
        second_factor.confirm(writing.connection, ana.id, pyotp.TOTP(secret).at(int(now)), SEALER, now)
        return sessions.start(
            writing.connection, ana.id, ana.project_id, Visiting(), how="password", password_hash=None
        )


def test_a_new_password_ends_the_sessions_and_keeps_the_second_factor(people: People) -> None:
    session = with_app(people)
    with people.services.transaction() as writing:
        found = regaining.regain(writing.connection, people.ana.email.upper(), "another", forget_second_factor=False)
    assert found == people.ana.id
    with people.services.reading() as connection:
        assert access.by_session(connection, session) is None
        assert access.by_password(connection, people.ana.email, "another", address="").second_factor
    assert kinds(people)[0] == "password_given"


def test_the_second_factor_goes_where_it_is_asked_for(people: People) -> None:
    with_app(people)
    with people.services.transaction() as writing:
        regaining.regain(writing.connection, people.ana.email, "another", forget_second_factor=True)
    with people.services.reading() as connection:
        assert not access.by_password(connection, people.ana.email, "another", address="").second_factor
        assert second_factor.state(connection, people.ana.id).paper_codes == 0
    assert set(kinds(people)) == {"password_given", "second_factor_taken"}


def test_others_keep_theirs_and_nobody_is_not_found(people: People) -> None:
    with people.services.transaction() as writing:
        regaining.regain(writing.connection, people.ben.email, "another", forget_second_factor=True)
        with pytest.raises(NotFound, match=r"There is no agent with the address nobody@example\.com\."):
            regaining.regain(writing.connection, "nobody@example.com", "another", forget_second_factor=True)
    with people.services.reading() as connection, pytest.raises(Unauthorized):
        access.by_password(connection, people.ana.email, "another", address="")
