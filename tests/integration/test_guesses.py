"""Passwords that are guessed from many addresses: few for one account, and its owner still comes in."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from itertools import count

import pytest
from click.testing import CliRunner
from flask import Flask, Response
from flask.ctx import RequestContext
from flask.testing import FlaskClient
from itsdangerous import TimestampSigner, URLSafeTimedSerializer
from sqlalchemy import text
from werkzeug.test import TestResponse

from app import create_app
from commands import projects
from commands.accounts import agent
from inbox import limits
from inbox.errors import RateLimited
from inbox.pages import known_devices
from inbox.passwords import hash_password
from inbox.services import Services
from inbox.settings import Settings
from tests.integration.callers import House

FEW = 3
EMAIL, PASSWORD = "owner@example.com", "a password of theirs"
_addresses = count(1)


@pytest.fixture
def app(settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application, with an account that many guess at."""
    monkeypatch.setattr(limits, "GUESSES_RATE", f"{FEW}/hour")
    app = create_app(replace(settings, rate_limits=True), services)
    house = House.build(app, services)
    with services.database.begin() as connection:
        made = projects.create_agent(connection, EMAIL, project_id=house.project_id)
        hashed = {"hash": hash_password(PASSWORD), "agent": made.id}
        connection.execute(text("UPDATE agent SET password_hash = :hash WHERE id = :agent"), hashed)
    return app


def say(client: FlaskClient, password: str, email: str = EMAIL, path: str = "/sign-in") -> TestResponse:
    """From an address that nobody has used before."""
    token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)[0]
    form = {"csrf_token": token, "email": email, "password": password}
    return client.post(path, data=form, environ_base={"REMOTE_ADDR": f"192.0.2.{next(_addresses) % 256}"})


def test_one_account_is_guessed_a_few_times_from_everywhere_together(app: Flask) -> None:
    spelled = (EMAIL, EMAIL.upper(), f"  {EMAIL}\x00", f"\x00{EMAIL}", EMAIL)
    answers = [say(app.test_client(), "guessed", email) for email in spelled]
    assert [one.status_code for one in answers] == [401] * FEW + [429] * 2
    assert "Somebody tried many passwords for this account." in answers[-1].text
    assert int(answers[-1].headers["Retry-After"]) > 60
    assert say(app.test_client(), PASSWORD).status_code == 429, "in a browser that is new to it"
    assert say(app.test_client(), "guessed", "another@example.com").status_code == 401


def test_its_owner_comes_in_where_they_did_before(app: Flask) -> None:
    owner, stranger = app.test_client(), app.test_client()
    assert say(owner, PASSWORD).status_code == 302
    cookie = owner.get_cookie("tandem_device")
    assert cookie is not None
    assert cookie.http_only
    while say(stranger, "guessed").status_code == 401:
        pass
    owner.delete_cookie("tandem_session")
    assert say(owner, PASSWORD).status_code == 302
    # Whoever took that cookie has a few guesses of their own, and no more.
    thief = app.test_client()
    thief.set_cookie("tandem_device", owner.get_cookie("tandem_device").value)  # type: ignore[union-attr]  # seen above
    assert [say(thief, "guessed").status_code for _ in range(FEW + 1)] == [401] * FEW + [429]
    forged = app.test_client()
    forged.set_cookie("tandem_device", "WyJhIl0.x.y")
    assert say(forged, "guessed").status_code == 429


class Browser:
    """Keeps the cookie; `guesses` for an account from a place where nobody else is, as many as are let."""

    def __init__(self, app: Flask, cookie: str = "", *, base: str = "http://here") -> None:
        self.app, self.cookie, self.base, self.attributes = app, cookie, base, ""

    def remember(self, email: str) -> None:
        with self._asking():
            answer = Response()
            known_devices.remember(answer, email)
        said, _, self.attributes = answer.headers["Set-Cookie"].partition("; ")
        self.cookie = said.partition("=")[2]

    def may_guess(self, email: str) -> bool:
        with self._asking():
            try:
                known_devices.count_guess_for(email)
            except RateLimited:
                return False
        return True

    def _asking(self) -> RequestContext:
        return self.app.test_request_context(base_url=self.base, headers={"Cookie": f"tandem_device={self.cookie}"})


def test_a_browser_knows_a_few_accounts_for_half_a_year(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    family, accounts = Browser(app, base="https://here"), [f"{name}@example.com" for name in "abcdef"]
    for email in (*accounts, accounts[2], accounts[3]):
        family.remember(email)
    assert all(said in family.attributes for said in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    for email in accounts:
        while Browser(app).may_guess(email):
            pass
    assert [family.may_guess(email) for email in accounts] == [False, *[True] * 5], "the one of longest ago is gone"
    _, *marks = URLSafeTimedSerializer("").loads_unsafe(family.cookie)[1]
    forged = URLSafeTimedSerializer("a guess", salt="a device that knows an account").dumps(["x", *marks])
    assert not Browser(app, forged).may_guess(accounts[1])
    later = int(time.time()) + (known_devices.DAYS + 1) * 86_400
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _self: later)
    assert not family.may_guess(accounts[1])


def test_a_new_password_is_taken_though_the_old_one_was_guessed_at(app: Flask, settings: Settings) -> None:
    while say(app.test_client(), "guessed").status_code == 401:
        pass
    servers = {"DATABASE_URL": str(settings.database_url), "REDIS_URL": str(settings.redis_url)}
    told = CliRunner(env=servers).invoke(agent, ["reset", EMAIL.upper()])
    assert say(app.test_client(), json.loads(told.stdout)["password"]).status_code == 302


def test_guesses_behind_a_link_count_with_the_others(app: Flask, services: Services) -> None:
    house = House.build(app, services, "Another project")
    link = house.ada.post("/invitations", {"email": EMAIL}).get_json()["link"].rpartition("/")[2]
    said = [say(app.test_client(), "guessed", path=f"/join/{link}").status_code for _ in range(FEW + 1)]
    assert said == [422] * FEW + [429]
    assert say(app.test_client(), "guessed").status_code == 429
