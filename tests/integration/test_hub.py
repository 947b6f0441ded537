"""Streams that are open: who is dropped, who ends with a right, who hears beats, with the database or Redis away."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from inbox.events import Scope
from inbox.hub import Hub
from inbox.presence import Presence
from tests.conftest import InBackground
from tests.integration.callers import Caller, House, error
from tests.integration.event_stream import QUIET, Event, first, flat, hub, quick_beats, until, until_quiet

__all__ = ["hub", "quick_beats"]  # fixtures, used by their names, the second by all


def test_slow_client_is_dropped(house: House, engine: Engine, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inbox.listener.CLIENT_FRAMES", 5)
    hub, scope = Hub(engine, Redis.from_url(redis_url)), Scope(house.project_id)
    visitor = house.visit("Hello")
    stream = hub.stream(scope, "0")
    seen = [one for one in itertools.islice(flat(stream), 3) if isinstance(one, Event)]
    for n in range(30):
        visitor.post("/widget/messages", {"content": str(n)})
    until(lambda: hub.listening() == 0)
    seen += [one for one in flat(stream) if isinstance(one, Event)]  # it ends
    whole = until_quiet(hub, scope, "0")
    assert seen == whole[: len(seen)]
    assert until_quiet(hub, scope, seen[-1].id) == whole[len(seen) :]
    hub.close()


def test_a_hub_that_found_no_database_starts_later(house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("inbox.hub.place", failing)
        with pytest.raises(OperationalError):
            hub.stream(Scope(house.project_id), None)
    stream = hub.stream(Scope(house.project_id), None)
    house.visit("Hello")
    found = next(e for e in flat(stream) if isinstance(e, Event))
    assert found.data["conversation_id"]


def failing(_engine: Engine) -> None:
    raise OperationalError("SELECT 1", {}, Exception("the server is away"))


def test_without_redis(house: House, engine: Engine) -> None:
    hub = Hub(engine, Redis.from_url("redis://127.0.0.1:1"))
    stream = hub.stream(Scope(house.project_id), None)
    house.visit("Hello")
    assert next(e for e in flat(stream) if isinstance(e, Event))
    hub.close()


def test_over_http(house: House) -> None:
    visitor = house.visit("Hello")
    for caller, path in ((house.ada, "/events"), (visitor, "/widget/events")):
        with caller.get(path) as response:
            assert response.status_code == 200
            assert response.headers["Content-Type"].startswith("text/event-stream")
            assert response.headers["Cache-Control"] == "no-store"
        assert first(caller, path) == (200, b": welcome\n\n")
        bad = caller.get(path, headers={"Last-Event-ID": "nonsense"})
        assert error(bad) == (400, "bad_event_id")
        assert error(caller.get(f"{path}?after=1")) == (422, "invalid")
        assert error(Caller(house.app).get(path)) == (401, "unauthorized")
    assert error(house.ada.get("/widget/events")) == (401, "unauthorized")
    assert error(visitor.get("/events")) == (401, "unauthorized")


def test_short_lived_tokens(house: House, other_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor, stranger = house.visit("Hello"), Caller(house.app)
    agents = house.ada.post("/events/token")
    visitors = visitor.post("/widget/events/token")
    assert agents.status_code == visitors.status_code == 201
    agents_token, visitors_token = agents.get_json()["token"], visitors.get_json()["token"]
    assert first(stranger, f"/events?token={agents_token}")[0] == 200
    assert first(stranger, f"/widget/events?token={visitors_token}")[0] == 200
    wrong = ["", visitors_token, f"{agents_token}x", house.ada.token, visitor.token]
    paths = [f"/events?token={token}" for token in wrong] + [f"/widget/events?token={agents_token}"]
    for path in paths:
        assert error(stranger.get(path)) == (401, "unauthorized"), path
    assert error(stranger.post("/events/token")) == (401, "unauthorized")
    assert error(Caller(house.app, agents_token).get("/me")) == (401, "unauthorized")
    monkeypatch.setattr("inbox.api.streams.TOKEN_SECONDS", -1)
    assert error(stranger.get(f"/events?token={agents_token}")) == (401, "unauthorized")


def test_a_stream_that_nobody_reads_is_not_kept(house: House, app: Flask) -> None:
    for _ in range(3):
        house.ada.call("HEAD", "/events").close()
    assert app.extensions["tandem"].hub.listening() == 0


@pytest.mark.parametrize("by", ["the token", "a short-lived one of it"])
def test_a_stream_ends_with_the_right_to_read_it(house: House, engine: Engine, by: str) -> None:
    """A token that is revoked while its stream is open: within a beat nothing more goes out."""
    asker, path = house.ada, "/events"
    if by != "the token":
        asker, path = Caller(house.app), f"/events?token={house.ada.post('/events/token').get_json()['token']}"
    with asker.get(path) as response:
        pieces: Iterator[bytes] = iter(response.response)  # type: ignore[arg-type]
        assert [next(pieces), next(pieces)] == [b": welcome\n\n", QUIET.encode()]
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM api_token WHERE agent_id = :agent"), {"agent": house.ada.id})
        assert set(pieces) <= {QUIET.encode()}, "it ends"
    assert house.app.extensions["tandem"].hub.listening() == 0


def test_one_whose_reader_cannot_be_looked_up_ends(house: House, hub: Hub) -> None:
    answers = iter([True])
    assert len(list(hub.pulled(hub.open(Scope(house.project_id), None, lambda: next(answers))))) <= 2
    assert hub.listening() == 0


def test_beats_go_on_while_the_database_says_nothing(
    house: House, hub: Hub, monkeypatch: pytest.MonkeyPatch, in_background: InBackground
) -> None:
    """One reader cannot be looked up: nobody's beat is late for that, but they do not read on for ever."""
    silent, asked, answers = threading.Event(), threading.Event(), iter([True])

    def stays() -> bool:
        if next(answers, None) is None:
            asked.set()
            silent.wait()
        return True

    unsure = flat(hub.pulled(hub.open(Scope(house.project_id), None, stays)))
    other = flat(hub.stream(Scope(house.project_id), None))
    for stream in (unsure, other):
        assert next(stream) == ": welcome\n\n"
    asked.wait()
    assert [next(stream) for stream in (unsure, other) for _ in range(3)] == [QUIET] * 6
    monkeypatch.setattr("inbox.audience.UNSURE_SECONDS", 0.5)
    assert set(in_background(list, unsure).result()) <= {QUIET}, "it ends"
    assert next(other) == QUIET
    silent.set()


def test_an_open_stream_is_presence(house: House, redis_url: str) -> None:
    presence = Presence(Redis.from_url(redis_url))
    assert presence.here(house.project_id) == set()
    assert first(house.ada, "/events")[0] == 200
    assert presence.here(house.project_id) == {house.ada.id}
