"""The second factor: codes are taken once, few are tried, paper codes work once, and a password alone opens nothing."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, text
from werkzeug.test import TestResponse

from inbox import audit, passwords, second_factor
from inbox.audit import Wanted
from inbox.errors import Invalid, RateLimited, Unauthorized
from inbox.sealing import Sealer
from inbox.services import Services
from tests.conftest import InBackground
from tests.integration.callers import House
from tests.integration.reader import Reader, Sit, shown
from tests.people import People

NOW = 1_800_000_015.0  # the middle of a step
SEALER = Sealer("a key for tests only", second_factor.PURPOSE)
PASSWORD = "a long password"


def switch_on(people: People) -> tuple[pyotp.TOTP, list[str]]:
    """Ana's app, confirmed, and her codes on paper."""
    with people.services.transaction() as writing:
        second_factor.begin(writing.connection, people.ana.id, SEALER)
        secret = second_factor.secret_to_confirm(writing.connection, people.ana.id, SEALER)
        assert secret
        app = pyotp.TOTP(secret)
        early = NOW - 60
        paper = second_factor.confirm(writing.connection, people.ana.id, app.at(int(early)), SEALER, early)
    return app, paper


def prove(connection: Connection, people: People, code: str, now: float = NOW) -> str:
    return second_factor.prove(connection, people.ana.id, code, SEALER, now)


def test_a_code_is_taken_once(people: People) -> None:
    app, _ = switch_on(people)
    code = app.at(int(NOW))
    with people.services.reading() as connection:
        assert prove(connection, people, code) == "app"
        for now in (NOW, NOW + 1, NOW + 30):
            with pytest.raises(Unauthorized):
                prove(connection, people, code, now)
        assert prove(connection, people, app.at(int(NOW + 30)), NOW + 30) == "app"
        with pytest.raises(Unauthorized):
            prove(connection, people, app.at(int(NOW)), NOW + 30)


@pytest.mark.parametrize(("drift", "fits"), [(-30, True), (30, True), (-60, False), (60, False)])
def test_a_clock_may_be_half_a_minute_off(people: People, drift: int, fits: bool) -> None:
    app, _ = switch_on(people)
    with people.services.reading() as connection:
        later = NOW + 600
        if fits:
            assert prove(connection, people, app.at(int(later + drift)), later) == "app"
        else:
            with pytest.raises(Unauthorized):
                prove(connection, people, app.at(int(later + drift)), later)


def test_the_same_code_by_two_at_once(people: People, in_background: InBackground) -> None:
    app, _ = switch_on(people)
    barrier = threading.Barrier(4)

    def go() -> bool:
        with people.services.reading() as connection:
            barrier.wait()
            try:
                return bool(prove(connection, people, app.at(int(NOW))))
            except Unauthorized:
                return False

    assert sum(one.result() for one in [in_background(go) for _ in range(4)]) == 1


def test_few_codes_may_be_tried(people: People) -> None:
    """Five in a quarter of an hour, right ones too then; the counter begins anew after it, and after a right one."""
    app, _ = switch_on(people)
    with people.services.reading() as connection:
        for _ in range(second_factor.MOST_TRIES):
            with pytest.raises(Unauthorized):
                prove(connection, people, "000000")
        with pytest.raises(RateLimited):
            prove(connection, people, app.at(int(NOW)))
        connection.execute(text("UPDATE agent SET code_window_at = code_window_at - interval '16 minutes'"))
        assert prove(connection, people, app.at(int(NOW))) == "app"
        for _ in range(second_factor.MOST_TRIES):
            with pytest.raises(Unauthorized):
                prove(connection, people, "000000")


def test_codes_on_paper(people: People) -> None:
    _, paper = switch_on(people)
    assert len(set(paper)) == second_factor.PAPER_CODES
    with people.services.reading() as connection:
        kept = connection.execute(text("SELECT string_agg(r::text, ' ') FROM recovery_code r")).scalar_one()
        assert not any(code.replace("-", "") in kept for code in paper)
        assert prove(connection, people, paper[0].upper().replace("-", " ")) == "recovery code"
        with pytest.raises(Unauthorized):
            prove(connection, people, paper[0])
        assert second_factor.state(connection, people.ana.id).paper_codes == 9
    with people.services.transaction() as writing:
        second_factor.new_paper_codes(writing.connection, people.ana.id)
    with people.services.reading() as connection, pytest.raises(Unauthorized):
        prove(connection, people, paper[1])


def test_a_secret_that_is_made_anew_while_its_code_is_looked_at_is_not_said_to_be_on(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code was right for the one before: nobody is told that codes are asked for, and none are."""
    with people.services.transaction() as writing:
        second_factor.begin(writing.connection, people.ana.id, SEALER)
        secret = second_factor.secret_to_confirm(writing.connection, people.ana.id, SEALER)
    judged = second_factor._step

    def begun_anew(*given: Any) -> int | None:
        with people.services.transaction() as other:
            second_factor.begin(other.connection, people.ana.id, SEALER)
        return judged(*given)

    monkeypatch.setattr(second_factor, "_step", begun_anew)
    code = pyotp.TOTP(str(secret)).at(int(NOW))
    with pytest.raises(Invalid), people.services.transaction() as writing:
        second_factor.confirm(writing.connection, people.ana.id, code, SEALER, NOW)
    with people.services.reading() as connection:
        assert second_factor.state(connection, people.ana.id) == second_factor.State(False, 0, 0)


def test_a_confirmed_secret_is_not_replaced(people: People) -> None:
    switch_on(people)
    with people.services.reading() as connection, pytest.raises(Invalid):
        second_factor.begin(connection, people.ana.id, SEALER)
    with people.services.reading() as connection:
        sealed = connection.execute(text("SELECT secret FROM totp")).scalar_one()
    assert SEALER.open(bytes(sealed))
    assert Sealer("a key for tests only").open(bytes(sealed)) is None, "sealed for this purpose only"


class Door:
    """A browser at the sign-in page."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def send(self, path: str, **fields: str) -> TestResponse:
        page = self.client.get(path).text
        token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
        return self.client.post(path, data={"csrf_token": token, **fields})


@pytest.fixture
def email(house: House, services: Services) -> str:
    """Ada's address; her password is PASSWORD."""
    with services.database.begin() as connection:
        connection.execute(
            text("UPDATE agent SET password_hash = :hash WHERE id = :id"),
            {"hash": passwords.hash_password(PASSWORD), "id": house.ada.id},
        )
        return str(connection.execute(text("SELECT email FROM agent WHERE id = :id"), {"id": house.ada.id}).scalar())


def set_up(ada: Reader) -> tuple[pyotp.TOTP, list[str]]:
    """Switch the app on as its page has it."""
    ada.open("/account")
    assert ada.send("/account", {"password": "wrong"}, to="/account/two-factor/begin").status_code == 422
    assert ada.send("/account", {"password": PASSWORD}, to="/account/two-factor/begin").status_code == 302
    page = ada.open("/account")
    app = pyotp.TOTP(re.findall(r'class="mono secret">([^<]+)<', page)[0])
    assert 'src="data:image/svg+xml' in page
    assert ada.send("/account", {"code": "000000"}, to="/account/two-factor/confirm").status_code == 422
    told = ada.send("/account", {"code": app.at(int(time.time()) - 30)}, to="/account/two-factor/confirm")
    paper = re.findall(r"<li>([a-z0-9]{5}-[a-z0-9]{5})</li>", told.text)
    assert len(paper) == second_factor.PAPER_CODES
    assert paper[0] not in ada.open("/account"), "once"
    return app, paper


def test_codes_on_paper_open_nobody_elses_account(people: People) -> None:
    _, paper = switch_on(people)
    with people.services.reading() as connection:
        second_factor.new_paper_codes(connection, people.ben.id)
        with pytest.raises(Unauthorized):
            second_factor.prove(connection, people.ben.id, paper[0], SEALER, NOW)
        assert prove(connection, people, paper[0]) == "recovery code"


@pytest.mark.parametrize(("said", "hours"), [({}, 12), ({"stay": "yes"}, 14 * 24)])
def test_a_session_lasts_as_long_as_its_owner_wants(
    app: Flask, email: str, services: Services, said: dict[str, str], hours: int
) -> None:
    """Who does not want to stay on a device is out of it within half a day, whatever its browser keeps."""
    assert Door(app).send("/sign-in", email=email, password=PASSWORD, **said).status_code == 302
    with services.reading() as connection:
        lasts = text("SELECT extract(epoch FROM expires_at - created_at) FROM agent_session")
        assert round(connection.execute(lasts).scalar_one() / 3600) == hours


def test_a_password_alone_opens_nothing(house: House, app: Flask, sit: Sit, email: str, services: Services) -> None:
    otp, paper = set_up(sit(house.ada))
    door = Door(app)
    told = door.send("/sign-in", email=email, password=PASSWORD)
    assert (told.status_code, told.headers["Location"]) == (302, "/sign-in/code")
    assert door.client.get("/").status_code == 302
    assert door.send("/sign-in/code", code="000000").status_code == 401
    assert door.client.get("/").status_code == 302
    told = door.send("/sign-in/code", code=otp.now())
    assert (told.status_code, told.headers["Location"]) == (302, "/")
    assert door.client.get("/").status_code == 200
    with services.reading() as connection:
        told_of = [
            (row["kind"], row["data"].get("how"))
            for row in audit.listed(connection, house.project_id, Wanted())
            if row["kind"].startswith("sign")
        ]
    assert told_of == [("signed_in", "app"), ("sign_in_failed", "code"), ("signed_in", "test")]
    again = Door(app)
    again.send("/sign-in", email=email, password=PASSWORD)
    assert again.send("/sign-in/code", code=paper[0]).status_code == 302


def test_half_a_sign_in_ends_with_a_new_password(house: House, app: Flask, sit: Sit, email: str) -> None:
    ada = sit(house.ada)
    otp, _ = set_up(ada)
    door = Door(app)
    door.send("/sign-in", email=email, password=PASSWORD)
    assert door.client.get("/sign-in/code").status_code == 200
    ada.open("/account")
    told = ada.send("/account", {"old": PASSWORD, "new": "another long one"}, to="/account/password")
    assert told.status_code == 302
    assert door.client.get("/sign-in/code").status_code == 302
    assert otp.now()


def test_switching_off_asks_for_the_password(house: House, app: Flask, sit: Sit, email: str) -> None:
    ada = sit(house.ada)
    set_up(ada)
    ada.open("/account")
    assert ada.send("/account", {"password": "wrong"}, to="/account/two-factor/remove").status_code == 422
    ada.open("/account")
    assert ada.send("/account", {"password": PASSWORD}, to="/account/two-factor/remove").status_code == 302
    assert Door(app).send("/sign-in", email=email, password=PASSWORD).headers["Location"] == "/"


def test_a_project_that_wants_one(house: House, app: Flask, sit: Sit, email: str) -> None:
    """Whoever has none gets nowhere but to their account until there is one."""
    ada, ben = sit(house.ada), sit(house.ben)
    ada.open("/settings/members")
    assert ada.send("x", {"required": "yes"}, to="/settings/members/second-factor").status_code == 302
    for reader in (ada, ben):
        told = reader.client.get("/")
        assert (told.status_code, told.headers["Location"]) == (302, "/account#second-factor")
        assert reader.client.get("/parts/views").status_code == 403
    assert "Your project asks everybody for a second factor." in shown(ada.open("/account"))
    set_up(ada)
    assert ada.client.get("/").status_code == 200
    assert ben.client.get("/").status_code == 302
    assert house.ben.get("/me").status_code == 200, "programs go on"


def test_an_address_that_no_header_may_hold_keeps_nobody_out(app: Flask, house: House, email: str) -> None:
    door = Door(app)
    assert door.client.get("/conversations/%0d%0aX-A:%201").headers["Location"] == "/sign-in"
    opened = door.send("/sign-in", email=email, password=PASSWORD)
    assert (opened.status_code, opened.headers["Location"]) == (302, "/conversations/%0D%0AX-A%3A%201")


def test_who_signs_in_is_led_on_to_what_they_asked_for(house: House, app: Flask, sit: Sit, email: str) -> None:
    wanted = f"/conversations/{house.visit('Hello').conversation_id}?view=all"
    door = Door(app)
    assert door.client.get(wanted).headers["Location"] == "/sign-in"
    door.client.get("/settings", headers={"Sec-Fetch-Dest": "empty"})  # a script's, of a page that is still open
    assert door.send("/sign-in", email=email, password="wrong").status_code == 401
    assert door.send("/sign-in", email=email, password=PASSWORD).headers["Location"] == wanted
    door.client.delete_cookie("tandem_session")
    assert door.send("/sign-in", email=email, password=PASSWORD).headers["Location"] == "/", "once"
    otp, _ = set_up(sit(house.ada))
    twice = Door(app)
    twice.client.get(wanted)
    assert twice.send("/sign-in", email=email, password=PASSWORD).headers["Location"] == "/sign-in/code"
    assert twice.send("/sign-in/code", code=otp.now()).headers["Location"] == wanted
