"""Where the widget stands is known from the pages that ask for it, whatever becomes of Redis."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from flask import Flask
from redis import Redis

from inbox import placed
from inbox.placed import Places
from tests.integration.callers import House
from tests.integration.reader import Sit, shown

STEP = "Put the widget on your site"
SHOP = "https://shop.example"


def look(app: Flask, house: House, headers: Mapping[str, str]) -> None:
    asked = app.test_client().get(f"/api/v1/widget/look?project_key={house.key}", headers=headers)
    assert asked.status_code == 200


def test_a_page_that_shows_it_ticks_the_step_off(app: Flask, house: House, other_house: House, sit: Sit) -> None:
    ada = sit(house.ada)
    look(app, house, {})
    assert "No page has shown it in the last 30 days." in ada.open("/settings/widget")
    look(app, house, {"Origin": SHOP})
    assert "A page of https://shop.example showed it last" in shown(ada.open("/settings/widget"))
    for path in ("/", "/settings"):
        assert f'class="visually-hidden">Done:</span></span>\n  <div><b>{STEP}' in ada.open(path)
    assert "No page has shown it" in sit(other_house.ada).open("/settings/widget")


@pytest.mark.parametrize("asking", ["null", "https://elsewhere.example", "file://", "https://x" + "x" * 300, "\x7f"])
def test_a_page_that_may_not_is_none(app: Flask, house: House, sit: Sit, asking: str) -> None:
    house.ada.patch("/project", {"widget_origins": [SHOP]})
    look(app, house, {"Origin": asking})
    assert "No page has shown it" in sit(house.ada).open("/settings/widget")


def test_a_busy_site_says_it_once_a_minute(redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    redis = Redis.from_url(redis_url)
    places = Places(redis)
    places.ask(1, SHOP, [])
    redis.flushdb()
    places.ask(1, SHOP, [])
    assert places.newest(1) is None
    monkeypatch.setattr(placed, "AGAIN_SECONDS", 0)
    places.ask(1, SHOP, [])
    found = places.newest(1)
    assert found is not None
    assert found.origin == SHOP


def test_without_redis_nobody_knows_and_nothing_fails() -> None:
    places = Places(Redis(port=1, socket_connect_timeout=0.1))
    places.ask(1, SHOP, [])
    assert places.newest(1) is None
