"""An agent's own account: name, password, language and zone, sessions."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from inbox import passwords
from inbox.services import Services
from inbox.sessions import device_of
from tests.integration.callers import House
from tests.integration.reader import Sit, shown

PASSWORD = "a long password"


@pytest.fixture
def with_password(house: House, services: Services) -> None:
    """Ada's password is PASSWORD."""
    with services.database.begin() as connection:
        connection.execute(
            text("UPDATE agent SET password_hash = :hash WHERE id = :id"),
            {"hash": passwords.hash_password(PASSWORD), "id": house.ada.id},
        )


def test_language_and_zone(house: House, sit: Sit) -> None:
    """They hold on every page from then on, before what the browser asks for."""
    ada = sit(house.ada)
    assert '<html lang="en"' in ada.open("/account")
    ada.send("/account", {"name": " Ada  L. ", "language": "vi", "time_zone": "Asia/Ho_Chi_Minh"}, to="/account")
    page = ada.open("/")
    assert '<html lang="vi" dir="ltr" data-time-zone="Asia/Ho_Chi_Minh">' in page
    assert house.ada.get("/me").get_json()["name"] == "Ada L."
    assert '<html lang="en"' in sit(house.ben).open("/")


def test_why_something_was_not_done_is_said_in_it_and_in_english_to_programs(house: House, sit: Sit) -> None:
    ben = sit(house.ben)
    ben.open("/account")
    ben.send("/account", {"language": "vi"}, to="/account")
    number = house.visit("Hello").conversation_id
    house.ada.post(f"/conversations/{number}/messages", {"content": "I look into it."})
    ben.open(f"/conversations/{number}")
    say = f"/conversations/{number}/say"
    slower = {**ben.forms[say], "content": "Me too.", "seen_message": "1"}
    by_script = ben.client.post(say, data={**slower, "send_id": "one"})
    assert (by_script.status_code, by_script.get_json()["code"]) == (409, "stale_claim")
    assert by_script.get_json()["message"].startswith("Ada đã trả lời trước bạn.")
    without = ben.client.post(say, data=slower, headers={"HX-Request": "true"})
    assert (without.status_code, "Ada đã trả lời trước bạn." in without.text) == (409, True)
    ben.open("/account")
    fault = {"nodes": [{"id": "answer", "type": "llm", "data": {"prompt": "{{shoe}}"}}], "edges": []}
    token = {"X-CSRFToken": ben.forms["/account"]["csrf_token"]}
    judged = ben.client.post("/settings/workflow/check", json=fault, headers=token).get_json()["problems"]
    assert [one["message"] for one in judged] == ["Quy trình cần một bước start.", "{{shoe}} không tồn tại."]
    told = house.ben.post("/workflow/validate", fault, headers={"Accept-Language": "vi"}).get_json()["problems"]
    assert [one["message"] for one in told] == ["A workflow needs one start node.", "{{shoe}} does not exist."]
    refused = ben.client.post("/settings/workflow", json=fault, headers=token).get_json()["error"]["message"]
    assert refused == "Chỉ quản lý mới thay đổi được quy trình. Hãy nhờ một quản lý."
    house.ada.post(f"/conversations/{number}/claim")
    to_program = house.ben.post(f"/conversations/{number}/claim").get_json()["error"]["message"]
    assert to_program == "Ada was faster: this conversation is assigned to Ada. Your click changed nothing."


@pytest.mark.parametrize(
    ("field", "bad"),
    [("name", " "), ("name", "x" * 101), ("language", "xx"), ("time_zone", "Moon/Sea"), ("name", "\0")],
)
def test_what_cannot_be_set(house: House, sit: Sit, field: str, bad: str) -> None:
    ada = sit(house.ada)
    ada.open("/account")
    assert ada.send("/account", {field: bad}, to="/account").status_code == 422
    assert house.ada.get("/me").get_json()["name"] == "Ada"


def test_a_new_password_signs_out_everywhere_else(house: House, sit: Sit, with_password: None) -> None:
    here, there = sit(house.ada), sit(house.ada)
    here.open("/account")
    assert here.send("x", {"old": "wrong", "new": "another long one"}, to="/account/password").status_code == 422
    assert here.send("x", {"old": PASSWORD, "new": "short"}, to="/account/password").status_code == 422
    assert there.client.get("/").status_code == 200
    assert here.send("x", {"old": PASSWORD, "new": "another long one"}, to="/account/password").status_code == 302
    assert (here.client.get("/").status_code, there.client.get("/").status_code) == (200, 302)


def test_sessions_are_seen_and_ended(house: House, sit: Sit, services: Services) -> None:
    here, second, third = (sit(house.ada) for _ in range(3))
    stranger = sit(house.ben)
    assert here.open("/account").count('name="session" value=') == 3
    with services.reading() as connection:
        newest = text("SELECT agent_id, max(id) AS id FROM agent_session GROUP BY agent_id")
        ids = {row.agent_id: row.id for row in connection.execute(newest)}
    here.send("x", {"session": str(ids[house.ben.id])}, to="/account/sessions")
    assert stranger.client.get("/").status_code == 200, "only one's own"
    here.open("/account")
    here.send("x", {"session": str(ids[house.ada.id])}, to="/account/sessions")
    assert [one.client.get("/").status_code for one in (here, second, third)] == [200, 200, 302]
    here.open("/account")
    here.send("x", {"session": "others"}, to="/account/sessions")
    assert "One session was ended." in shown(here.open("/account"))
    assert [one.client.get("/").status_code for one in (here, second)] == [200, 302]


def test_signing_in_says_nothing_of_who_exists(app: Flask, house: House, services: Services) -> None:
    """The same words, status and headers for a wrong password and for an unknown address."""
    app.config["WTF_CSRF_ENABLED"] = False
    with services.reading() as connection:
        email = connection.execute(text("SELECT email FROM agent WHERE id = :id"), {"id": house.ada.id}).scalar_one()
    told = [
        app.test_client().post("/sign-in", data={"email": one, "password": "wrong"})
        for one in (email, "nobody@example.com")
    ]
    assert [one.status_code for one in told] == [401, 401]
    assert {one.text.count("E-mail and password do not match.") for one in told} == {1}
    assert len({tuple(sorted(one.headers.keys())) for one in told}) == 1


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36", "Chrome · Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/121.0", "Firefox · Windows"),
        ("curl/8.1", "curl/8.1"),
        ("<script>\x00é" + "x" * 100, "<script>" + "x" * 52),
    ],
)
def test_devices(agent: str, words: str) -> None:
    assert device_of(agent) == words
