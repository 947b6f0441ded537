"""Whether the process lives and can work, and what it does when the database or Redis is away."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask
from redis import Redis

from app import create_app
from inbox.database import connect
from inbox.services import Services
from inbox.settings import Settings
from jobs.queue import RqTurnQueue
from tests.integration.callers import Caller, House, error

NOWHERE = "redis://127.0.0.1:1"


def test_all_is_well(house: House, app: Flask) -> None:
    house.visit("Hello")
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").get_json() == {"database": "ok", "redis": "ok"}
    metrics = client.get("/metrics")
    assert metrics.headers["Content-Type"].startswith("text/plain")
    assert 'tandem_turns{status="queued"} 1.0' in metrics.text
    assert 'tandem_turns{status="failed"} 0.0' in metrics.text


def test_without_redis(settings: Settings, services: Services) -> None:
    redis = Redis.from_url(NOWHERE)
    without = Services(services.database, RqTurnQueue(redis))
    app = create_app(replace(settings, redis_url=NOWHERE, rate_limits=True), without)
    assert app.test_client().get("/readyz").get_json() == {"database": "ok", "redis": "down"}
    assert app.test_client().get("/readyz").status_code == 200
    house = House.build(app, without)
    visitor = house.visit("Is anybody there?")
    assert house.ada.post(f"/conversations/{visitor.conversation_id}/messages", {"content": "Yes"}).status_code == 201
    assert len(visitor.get("/widget/messages").get_json()["items"]) == 2
    with visitor.get("/widget/events", headers={"Last-Event-ID": "0"}) as response:
        assert response.status_code == 200
    app.extensions["tandem"].hub.close()


def test_without_the_database(settings: Settings, house: House) -> None:
    engine = connect("postgresql://nobody@127.0.0.1:1/none")
    redis = Redis.from_url(str(settings.redis_url))
    app = create_app(settings, Services(engine, RqTurnQueue(redis)))
    assert app.test_client().get("/healthz").status_code == 200
    ready = app.test_client().get("/readyz")
    assert (ready.status_code, ready.get_json()) == (503, {"database": "down", "redis": "ok"})
    for path in ("/me", "/conversations", "/events"):
        response = Caller(app, house.ada.token).get(path)
        assert error(response) == (503, "unavailable")
        assert int(response.headers["Retry-After"]) >= 1
