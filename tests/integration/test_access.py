"""Passwords, sessions and tokens of agents."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import Connection, text

from commands.projects import create_agent, create_project
from inbox import access, passwords, regaining, sessions
from inbox.errors import Unauthorized
from inbox.services import Services
from inbox.sessions import Visiting
from tests.integration.callers import House
from tests.integration.test_second_factor import Door
from tests.locks import until_waiting

NEW = "another one, long enough"


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
    return opened(connection, known)


def opened(connection: Connection, known: access.Known) -> str:
    agent, project, hashed = known.agent_id, known.project_id, known.password_hash
    return sessions.start(connection, agent, project, Visiting("A browser"), how="password", password_hash=hashed)


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


def changed_when_judged(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else changes Ada's password as soon as one was judged."""
    when_judged(lambda: regain(services), monkeypatch)


def when_judged(happens: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Something happens as soon as a password was judged."""

    def run(work: Callable[..., Any], *arguments: str) -> Any:
        came = work(*arguments)
        monkeypatch.setattr(passwords, "run", as_ever)
        happens()
        return came

    as_ever = passwords.run
    passwords.of_nobody()
    monkeypatch.setattr(passwords, "run", run)


def regain(services: Services) -> None:
    with services.database.begin() as connection:
        regaining.regain(connection, "ada@example.com", NEW, forget_second_factor=False)


def hash_weakly(services: Services, password: str) -> None:
    """With parameters of long ago."""
    weak = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1).hash(password)
    with services.database.begin() as connection:
        connection.execute(text("UPDATE agent SET password_hash = :weak"), {"weak": weak})


def sessions_of_ada(services: Services) -> int:
    with services.reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM agent_session")).scalar_one())


@pytest.mark.parametrize("outdated", [False, True])
def test_a_password_that_is_changed_while_it_is_judged(
    app: Flask, services: Services, password: str, monkeypatch: pytest.MonkeyPatch, outdated: bool
) -> None:
    """It lets nobody in any more, nor does its renewal write over the new one."""
    if outdated:
        hash_weakly(services, password)
    door = Door(app)
    changed_when_judged(services, monkeypatch)
    assert door.send("/sign-in", email="ada@example.com", password=password).status_code == 401
    assert sessions_of_ada(services) == 0
    assert door.send("/sign-in", email="ada@example.com", password=NEW).status_code == 302


def test_of_two_whose_sign_ins_renew_the_hash_at_once_both_come_in(
    app: Flask, services: Services, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hash_weakly(services, password)
    one, other = Door(app), Door(app)
    enter = {"email": "ada@example.com", "password": password}
    when_judged(lambda: other.send("/sign-in", **enter), monkeypatch)
    assert one.send("/sign-in", **enter).status_code == 302
    assert sessions_of_ada(services) == 2


def test_a_new_password_waits_for_whoever_signs_in_and_ends_their_session(services: Services, password: str) -> None:
    with services.reading() as connection:
        known = access.by_password(connection, "ada@example.com", password)
    with ThreadPoolExecutor(1) as other, services.transaction() as writing:
        opened(writing.connection, known)
        changing = other.submit(regain, services)
        until_waiting(services, 1)
        writing.connection.commit()
        changing.result(timeout=60)
    assert sessions_of_ada(services) == 0


def test_whoever_signs_in_waits_for_a_new_password_and_is_refused(services: Services, password: str) -> None:
    with services.reading() as connection:
        known = access.by_password(connection, "ada@example.com", password)

    def open_session() -> None:
        with services.reading() as connection:
            opened(connection, known)

    with ThreadPoolExecutor(1) as other, services.transaction() as writing:
        regaining.regain(writing.connection, "ada@example.com", NEW, forget_second_factor=False)
        opening = other.submit(open_session)
        until_waiting(services, 1)
        writing.connection.commit()
        with pytest.raises(Unauthorized):
            opening.result(timeout=60)


def test_no_invitation_is_accepted_by_a_password_that_is_changed_meanwhile(
    app: Flask, house: House, services: Services, password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = house.ada.post("/invitations", {"email": "ada@example.com"}).get_json()["link"]
    door = Door(app)
    changed_when_judged(services, monkeypatch)
    assert door.send("/join/" + link.rpartition("/")[2], password=password).status_code == 422
    assert sessions_of_ada(services) == 0


def test_whoever_belongs_to_no_project_hears_it_behind_their_password_alone(services: Services, password: str) -> None:
    with services.database.begin() as connection:
        connection.execute(text("DELETE FROM membership"))
        for given, told in ((password, access.IN_NO_PROJECT), ("wrong", access.NO_MATCH)):
            with pytest.raises(Unauthorized) as refused:
                sign_in(connection, "ada@example.com", given)
            assert refused.value.message == told
