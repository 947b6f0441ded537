"""The widget on other people's pages: who may have it and call from where, what it weighs, what it says of itself."""

from __future__ import annotations

import gzip
import re
from html import unescape
from typing import Any
from urllib.parse import urljoin

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.integration.callers import Caller, House, error

SHOP = "https://shop.example"
MOST_BYTES = 30 * 1024
MOST_BYTES_OF_LOADER = 5 * 1024


def page(app: Flask, path: str, **headers: str) -> TestResponse:
    return app.test_client().get(path, headers=headers)


def loaded_by(app: Flask, path: str) -> dict[str, bytes]:
    """Everything that a page of ours loads, with itself: style sheets, scripts, and what the scripts import."""
    loaded: dict[str, bytes] = {}
    wanted = [path]
    while wanted:
        address = wanted.pop()
        if address not in loaded:
            response = page(app, address)
            assert response.status_code == 200, address
            loaded[address] = response.data
            found = re.findall(r'(?:href|src)="(/[^"]+)"', response.text) if address == path else []
            found += [urljoin(address, one) for one in re.findall(r'from ?"(\.{1,2}/[^"]+)"', response.text)]
            wanted += [unescape(one) for one in found]
    return loaded


def test_the_frame_is_small(app: Flask, house: House) -> None:
    loaded = loaded_by(app, f"/widget/{house.key}")
    assert any(address.endswith("widget/store.js") for address in loaded), "imports were followed"
    loaded["/widget.js"] = page(app, "/widget.js").data
    weights = {address: len(gzip.compress(body)) for address, body in loaded.items()}
    assert sum(weights.values()) < MOST_BYTES, weights
    assert weights["/widget.js"] < MOST_BYTES_OF_LOADER


def test_the_loader_may_be_fetched_by_any_page(app: Flask) -> None:
    response = page(app, "/widget.js")
    assert response.mimetype == "text/javascript"
    assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "max-age=300" in response.headers["Cache-Control"]


def test_without_origins_any_page_may_have_it(app: Flask, house: House) -> None:
    response = page(app, f"/widget/{house.key}")
    assert "frame-ancestors 'self' http: https:;" in response.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in response.headers
    assert "Set-Cookie" not in response.headers
    look = page(app, f"/api/v1/widget/look?project_key={house.key}", Origin="https://any.example")
    assert look.headers["Access-Control-Allow-Origin"] == "https://any.example"


def test_with_origins_only_theirs(app: Flask, house: House, other_house: House) -> None:
    saved = house.ada.patch("/project", {"widget_origins": [SHOP, "https://*.shop.example"]})
    assert saved.get_json()["widget_origins"] == [SHOP, "https://*.shop.example"]
    other_house.ada.patch("/project", {"widget_origins": ["https://else.example"]})
    policy = page(app, f"/widget/{house.key}").headers["Content-Security-Policy"]
    assert f"frame-ancestors 'self' {SHOP} https://*.shop.example;" in policy
    visitor = house.visit("Hello")
    for origin, may in {SHOP: True, "https://de.shop.example": True, "https://else.example": False}.items():
        asked = {"Origin": origin}
        answers = [
            Caller(app).get(f"/widget/look?project_key={house.key}", headers=asked),
            Caller(app).post("/widget/sessions", {"project_key": house.key}, headers=asked),
            visitor.get("/widget/messages", headers=asked),
        ]
        for answer in answers:
            assert answer.headers.get("Access-Control-Allow-Origin") == (origin if may else None), origin
            assert "Origin" in answer.headers["Vary"]
    # The browser's question beforehand names no project: whoever some project allows may ask on.
    for origin, may in {SHOP: True, "https://else.example": True, "https://nobody.example": False}.items():
        preflight = Caller(app).call("OPTIONS", "/widget/messages", headers={"Origin": origin})
        assert (preflight.headers.get("Access-Control-Allow-Origin") == origin) is may, origin
    assert "Access-Control-Allow-Origin" not in house.ada.get("/project", headers={"Origin": SHOP}).headers


def test_every_other_page_is_in_no_frame(app: Flask, house: House) -> None:
    response = page(app, f"/visit/{house.key}")
    assert "frame-ancestors 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "change",
    [
        {"widget_brand": "red"},
        {"widget_brand": "#12345"},
        {"widget_origins": ["shop.example"]},
        {"widget_origins": ["https://shop.example/path"]},
        {"widget_origins": ["https://shop.example; script-src *"]},
        {"widget_origins": ["*"]},
        {"widget_origins": [SHOP] * 51},
        {"widget_position": "top"},
        {"widget_asks_email": "sometimes"},
        {"widget_greeting": "x" * 501},
    ],
)
def test_what_cannot_be_set(house: House, change: dict[str, Any]) -> None:
    assert error(house.ada.patch("/project", change)) == (422, "invalid")
    assert error(house.ben.patch("/project", {"widget_brand": "#ffee88"})) == (403, "forbidden")


def test_the_theme_has_words_that_can_be_read(app: Flask, house: House) -> None:
    house.ada.patch("/project", {"widget_brand": "#FFEE88"})
    assert "--brand: #ffee88; --brand-ink: #000000" in page(app, f"/widget/{house.key}/theme.css").text
    look = Caller(app).get(f"/widget/look?project_key={house.key}").get_json()
    assert (look["brand"], look["brand_ink"], look["position"]) == ("#ffee88", "#000000", "right")
    assert error(Caller(app).get("/widget/look?project_key=nope")) == (404, "not_found")


def test_the_frame_speaks_the_readers_language(app: Flask, house: House) -> None:
    assert 'lang="vi"' in page(app, f"/widget/{house.key}", **{"Accept-Language": "vi-VN,vi;q=0.9"}).text
    assert 'lang="vi"' in page(app, f"/widget/{house.key}?language=vi").text
    assert 'lang="en"' in page(app, f"/widget/{house.key}?language=nope").text


def test_hostile_words_of_a_team_stay_words(app: Flask, house: House) -> None:
    hostile = "</p><script>alert(1)</script>{{7*7}}"
    house.ada.patch("/project", {"widget_greeting": hostile})
    text = page(app, f"/widget/{house.key}").text
    assert "<script>alert" not in text
    assert "{{7*7}}" in text


def conversation(visitor: Caller) -> dict[str, Any]:
    found: dict[str, Any] = visitor.get("/widget/conversation").get_json()
    return found


def test_how_it_stands(house: House) -> None:
    visitor = house.visit("Hello")
    told = conversation(visitor)
    assert (told["answered_by"], told["answering"]) == ("ai", True)
    assert (told["status"], told["person"], told["asks_email"]) == ("open", None, False)
    house.ben.post(f"/conversations/{visitor.conversation_id}/messages", {"content": "Ben here"})
    told = conversation(visitor)
    assert (told["answered_by"], told["person"], told["people_here"]) == ("people", "Ben", False)
    assert told["answering"] is False
    assert told["asks_email"] is True
    changed = visitor.patch("/widget/visitor", {"email": "leila@example.com"})
    assert (changed.status_code, changed.get_json()["asks_email"]) == (200, False)
    found = house.ada.get(f"/conversations/{visitor.conversation_id}").get_json()["visitor"]
    assert (found["email"], found["verified"]) == ("leila@example.com", False)
    for bad in ("nobody", "", "a@b", "x" * 400 + "@example.com"):
        assert error(visitor.patch("/widget/visitor", {"email": bad})) == (422, "invalid"), bad


def test_a_typed_address_opens_nobodys_history(house: House) -> None:
    first, second = house.visit("My secret"), house.visit("Hello")
    for visitor in (first, second):
        assert visitor.patch("/widget/visitor", {"email": "leila@example.com"}).status_code == 200
    words = [message["content"] for message in second.get("/widget/messages").get_json()["items"]]
    assert words == ["Hello"]


def test_it_asks_as_the_project_has_it(house: House) -> None:
    visitor = house.visit("Hello")
    house.ada.patch("/project", {"widget_asks_email": "always"})
    assert conversation(visitor)["asks_email"] is True
    house.ada.patch("/project", {"widget_asks_email": "never", "responder_enabled": False})
    assert conversation(visitor)["asks_email"] is False
    house.ada.patch("/project", {"widget_asks_email": "when_nobody"})
    assert conversation(visitor)["asks_email"] is True


def test_a_stream_with_how_it_stands(house: House) -> None:
    assert error(house.visit().get("/widget/events?with=everything")) == (422, "invalid")
