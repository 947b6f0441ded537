"""Passwords, sessions and tokens of agents."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Connection, text

from commands.projects import create_agent, create_project
from inbox import access, sessions
from inbox.errors import Unauthorized
from inbox.services import Services
from inbox.sessions import Visiting


@pytest.fixture
def password(services: Services) -> str:
    """Ada's password."""
    with services.database.begin() as connection:
        project = create_project(connection, "House")
        made = create_agent(connection, "Ada@example.com", project_id=project.id, name="Ada")
    assert made.password
    return made.password


def sign_in(connection: Connection, email: str, password: str) -> str:
    known = access.by_password(connection, email, password)
    return sessions.start(connection, known.agent_id, known.project_id, Visiting("A browser"), how="password")


def test_signing_in_and_out(services: Services, password: str) -> None:
    with services.reading() as connection:
        first = sign_in(connection, "ada@EXAMPLE.com", password)
        second = sign_in(connection, "Ada@example.com", password)
        assert first != second
        found = access.by_session(connection, first)
        assert found is not None
        assert (found.name, found.is_manager) == ("Ada", False)
        sessions.end(connection, first)
        assert access.by_session(connection, first) is None
        assert access.by_session(connection, second) == found
        with pytest.raises(Unauthorized):
            access.by_token(connection, second)
        assert access.by_session(connection, None) is access.by_session(connection, "") is None


@pytest.mark.parametrize(
    ("email", "said"),
    [("ada@example.com", "wrong"), ("nobody@example.com", "x"), ("ada@example.com", ""), ("", "\ud800")],
)
def test_wrong_words(services: Services, password: str, email: str, said: str) -> None:
    with services.reading() as connection:
        with pytest.raises(Unauthorized) as refused:
            sign_in(connection, email, said)
        assert refused.value.message == "E-mail and password do not match."
        assert connection.execute(text("SELECT count(*) FROM agent_session")).scalar_one() == 0


def test_a_session_expires(services: Services, password: str) -> None:
    with services.reading() as connection:
        token = sign_in(connection, "ada@example.com", password)
        connection.execute(text("UPDATE agent_session SET expires_at = clock_timestamp()"))
        assert access.by_session(connection, token) is None
        sign_in(connection, "ada@example.com", password)
        sessions.end(connection, "another")
        assert connection.execute(text("SELECT count(*) FROM agent_session")).scalar_one() == 1


def test_an_old_hash_is_renewed(services: Services) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash("a secret")
    read = text("SELECT password_hash FROM agent")
    with services.database.begin() as connection:
        project = create_project(connection, "House")
        create_agent(connection, "ada@example.com", project_id=project.id)
        connection.execute(text("UPDATE agent SET password_hash = :weak"), {"weak": weak})
        sign_in(connection, "ada@example.com", "a secret")
        renewed = connection.execute(read).scalar_one()
        assert renewed != weak
        sign_in(connection, "ada@example.com", "a secret")
        assert connection.execute(read).scalar_one() == renewed


def test_whoever_belongs_to_no_project_hears_it_behind_their_password_alone(services: Services, password: str) -> None:
    with services.database.begin() as connection:
        connection.execute(text("DELETE FROM membership"))
        for given, told in ((password, access.IN_NO_PROJECT), ("wrong", access.NO_MATCH)):
            with pytest.raises(Unauthorized) as refused:
                sign_in(connection, "ada@example.com", given)
            assert refused.value.message == told
