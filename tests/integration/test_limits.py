"""How often one may ask, and who is exempt."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from app import create_app
from inbox.errors import RateLimited
from inbox.events import Scope
from inbox.hub import Hub
from inbox.limits import PASS_HEADER, TYPING_RATE, replay_pass, whereabouts
from inbox.services import Services
from inbox.settings import Settings
from tests.integration.callers import Caller, House, error


@pytest.fixture
def limited(settings: Settings, services: Services) -> Flask:
    """The application with low limits."""
    few = replace(settings, rate_limits=True, rate_messages="3/minute", rate_sessions="4/minute")
    return create_app(few, services)


def test_messages_are_limited_for_each_visitor(limited: Flask, services: Services) -> None:
    house = House.build(limited, services)
    visitor, other = house.visit(), house.visit()
    for n in range(3):
        response = visitor.post("/widget/messages", {"content": str(n)})
        assert response.status_code == 201
        assert "Retry-After" not in response.headers
    refused = visitor.post("/widget/messages", {"content": "too many"})
    assert error(refused) == (429, "rate_limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    spaced = visitor.call(
        "POST", "/widget/messages", json={"content": "x"}, headers={"Authorization": f"bearer   {visitor.token}"}
    )
    assert error(spaced) == (429, "rate_limited")
    assert len(visitor.get("/widget/messages").get_json()["items"]) == 3
    assert other.post("/widget/messages", {"content": "fine"}).status_code == 201


def test_typing_is_limited_for_each_visitor_and_costs_no_message(limited: Flask, services: Services) -> None:
    house = House.build(limited, services)
    visitor, other = house.visit(), house.visit()
    told = [visitor.post("/widget/typing", {}).status_code for _ in range(int(TYPING_RATE.partition("/")[0]))]
    assert set(told) == {204}
    refused = visitor.post("/widget/typing", {})
    assert error(refused) == (429, "rate_limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert other.post("/widget/typing", {}).status_code == 204
    assert visitor.post("/widget/messages", {"content": "said all the same"}).status_code == 201


@pytest.fixture
def crowded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two streams of a visitor are enough, and three of an address."""
    monkeypatch.setattr("inbox.crowd.OF_A_VISITOR", 2)
    monkeypatch.setattr("inbox.crowd.OF_AN_ADDRESS", 3)


def listens(caller: Caller, path: str = "/widget/events") -> TestResponse:
    """A stream that is open until it is closed."""
    response = caller.get(path, buffered=False)
    if response.status_code == 200:
        assert next(response.iter_encoded()) == b": welcome\n\n"
    return response


@pytest.mark.usefixtures("crowded")
def test_streams_that_are_open_are_limited_for_each_visitor_and_address(limited: Flask, services: Services) -> None:
    house = House.build(limited, services)
    visitor, other = house.visit(), house.visit()
    opened = [listens(visitor), listens(visitor)]
    token = visitor.post("/widget/events/token").get_json()["token"]
    for refused in (listens(visitor), listens(Caller(limited), f"/widget/events?token={token}")):
        assert error(refused) == (429, "rate_limited")
        assert "event streams" in refused.get_json()["error"]["message"]
        assert int(refused.headers["Retry-After"]) >= 1
    opened += [listens(other)]
    assert [one.status_code for one in opened] == [200, 200, 200]
    assert error(listens(house.visit())) == (429, "rate_limited"), "from the same address"
    away = {"environ_overrides": {"REMOTE_ADDR": "192.0.2.7"}}
    elsewhere = house.visit().get("/widget/events", buffered=False, **away)
    assert next(elsewhere.iter_encoded())
    agents = [listens(house.ada, "/events") for _ in range(5)]
    assert [one.status_code for one in agents] == [200] * 5, "who they are is known"
    opened.pop(0).close()
    opened.append(listens(visitor))
    assert opened[-1].status_code == 200, "one was closed"
    for one in [*opened, *agents, elsewhere]:
        one.close()
    assert limited.extensions["tandem"].hub.listening() == 0
    limited.extensions["tandem"].hub.close()


@pytest.mark.usefixtures("crowded")
def test_streams_are_as_many_as_one_likes_where_nothing_is_limited(house: House) -> None:
    visitor = house.visit()
    opened = [listens(visitor) for _ in range(5)]
    assert [one.status_code for one in opened] == [200] * 5
    for one in opened:
        one.close()


def test_of_many_who_ask_for_a_stream_at_once_no_more_are_let_in(engine: Engine, house: House) -> None:
    """All found room, and none was in yet."""
    hub = Hub(engine, None)
    asked = [hub.open(Scope(house.project_id, 1), None, whose={"visitor 1": 2}) for _ in range(3)]
    begun = [list(itertools.islice(hub.missed(one), 1)) for one in asked]
    assert begun == [[b": welcome\n\n"]] * 2 + [[]]
    assert hub.listening() == 2
    assert asked[2].ended
    for one in (asked[2], asked[0], asked[0]):
        hub.leave(one)
    assert hub.open(Scope(house.project_id, 1), None, whose={"visitor 1": 2})
    with pytest.raises(RateLimited):
        hub.open(Scope(house.project_id, 1), None, whose={"visitor 1": 1})
    hub.close()


def test_sessions_are_limited_for_each_address(limited: Flask, services: Services) -> None:
    house = House.build(limited, services)
    for _ in range(4):
        house.visit()
    stranger, body = Caller(limited), {"project_key": house.key}
    assert error(stranger.post("/widget/sessions", body)) == (429, "rate_limited")
    elsewhere = stranger.post("/widget/sessions", body, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 201
    lied = stranger.post("/widget/sessions", body, headers={"X-Forwarded-For": "192.0.2.9"})
    assert error(lied) == (429, "rate_limited")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"), ("", ""), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"), ("[2001:db8::1]:8000", "[2001:db8::1]:8000"), ("unknown", "unknown"),
    ],
)  # fmt: skip
def test_whoever_has_one_address_of_ipv6_has_many(address: str, counted: str) -> None:
    assert whereabouts(address) == counted


def test_who_tries_many_accounts_or_guesses_behind_a_link_is_refused(settings: Settings, services: Services) -> None:
    """A form's field does not say whose account it is where a link does."""
    app = create_app(replace(settings, rate_limits=True, rate_sign_in="2/minute", rate_sessions="4/minute"), services)
    house, client = House.build(app, services), app.test_client()
    csrf = re.findall(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)[0]

    def tried(path: str, times: int) -> list[int]:
        forms = [{"csrf_token": csrf, "email": f"a{n}@x.example", "password": "guessed"} for n in range(times)]
        return [client.post(path, data=form).status_code for form in forms]

    assert tried("/sign-in", 5) == [401] * 4 + [429]
    elsewhere = {"csrf_token": csrf, "email": "ada@x.example", "password": "guessed"}
    other = [client.post("/sign-in", data=elsewhere, environ_base={"REMOTE_ADDR": "192.0.2.7"}) for _ in range(3)]
    assert [one.status_code for one in other] == [401, 401, 429]
    member = house.ada.get("/me").get_json()["email"]
    link = house.ada.post("/invitations", {"email": member}).get_json()["link"]
    assert tried(f"/join/{link.rpartition('/')[2]}", 3) == [422, 422, 429]
    noted = house.ada.get("/audit?kind=sign_in_failed").get_json()["items"]
    assert [one["actor"]["id"] for one in noted] == [house.ada.id] * 2, "they are told of guesses"


def test_proxies_are_believed_where_set(settings: Settings, services: Services) -> None:
    behind = create_app(replace(settings, rate_limits=True, rate_sessions="1/minute", proxies=1), services)
    house = House.build(behind, services)
    for last, status in (("192.0.2.1", 201), ("192.0.2.2", 201), ("192.0.2.1", 429)):
        headers = {"X-Forwarded-For": f"10.0.0.1, {last}"}
        response = Caller(behind).post("/widget/sessions", {"project_key": house.key}, headers=headers)
        assert response.status_code == status


def test_behind_a_proxy_with_tls_every_cookie_is_for_tls_alone(settings: Settings, services: Services) -> None:
    behind, alone = create_app(replace(settings, proxies=1), services), create_app(settings, services)
    told = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "support.example"}
    for app, headers, secure in ((behind, told, True), (behind, {}, False), (alone, told, False)):
        cookies = app.test_client().get("/sign-in", headers=headers).headers.getlist("Set-Cookie")
        assert [("Secure" in cookie) for cookie in cookies] == [secure]


def test_a_replay_is_exempt(limited: Flask, services: Services) -> None:
    house = House.build(limited, services)
    visitor = house.visit()
    allowed = {PASS_HEADER: replay_pass(str(limited.secret_key))}
    for n in range(5):
        assert visitor.post("/widget/messages", {"content": str(n)}, headers=allowed).status_code == 201
    for _ in range(4):
        visitor.post("/widget/messages", {"content": "x"}, headers={PASS_HEADER: replay_pass("another key")})
    refused = visitor.post("/widget/messages", {"content": "x"}, headers={PASS_HEADER: replay_pass("another key")})
    assert error(refused) == (429, "rate_limited")


def test_off_lifts_all(settings: Settings, services: Services) -> None:
    free = create_app(replace(settings, rate_limits=False, rate_messages="1/day"), services)
    visitor = House.build(free, services).visit()
    assert [visitor.post("/widget/messages", {"content": "x"}).status_code for _ in range(3)] == [201] * 3
