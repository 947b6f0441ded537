"""Signs that pass by: whom they reach, whom they never reach, and that nothing waits for them."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest
from fakeredis import FakeRedis, FakeServer
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import Engine, text

from inbox import passing, run_progress
from inbox.events import Scope
from inbox.hub import Hub
from inbox.passing import Sign
from jobs import turn as turns
from jobs.context import Context
from jobs.progress import Progress, Teller
from tests.background import Background
from tests.integration.callers import House, error
from tests.integration.event_stream import QUIET, Event, flat
from tests.integration.reader import Sit
from tests.model_server import ModelServer
from tests.people import People


@pytest.fixture
def hub(engine: Engine, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub as a web process has it."""
    monkeypatch.setattr("inbox.audience.BEAT_SECONDS", 0.1)
    hub = Hub(engine, Redis.from_url(redis_url))
    yield hub
    hub.close()


def following(hub: Hub, scope: Scope) -> Iterator[Event]:
    """The events of a stream that is open, and has caught up, from now on."""
    stream = flat(hub.stream(scope, None))
    next(one for one in stream if one == QUIET)
    return (one for one in stream if isinstance(one, Event))


def heard(redis_url: str, sign: Sign) -> None:
    """Tell the sign once the hub listens."""
    redis = Redis.from_url(redis_url)
    while redis.publish(passing.CHANNEL, sign.encode()) == 0:
        threading.Event().wait(0.02)


def test_no_visitor_sees_a_sign(hub: Hub, house: House, other_house: House, redis_url: str) -> None:
    """Words that have not landed reach the page that watches, and nobody else: no visitor, no program, no neighbour."""
    visitor = house.visit("Hello")
    number = visitor.conversation_id
    page = following(hub, Scope(house.project_id, reader_id=house.ben.id, watching=number))
    others = [
        following(hub, Scope(house.project_id, number)),
        following(hub, Scope(house.project_id)),
        following(hub, Scope(house.project_id, reader_id=house.ada.id, watching=number + 1)),
    ]
    elsewhere = following(hub, Scope(other_house.project_id, reader_id=other_house.ben.id, watching=number))
    heard(redis_url, Sign(house.project_id, "progress", {"text": "not yet"}, number))
    told = next(page)
    assert (told.name, told.data, told.id) == ("live.progress", {"text": "not yet"}, "")
    heard(redis_url, Sign(house.project_id, "crew"))  # for every page of the project, whatever is open there
    assert [next(stream).name for stream in (page, others.pop())] == ["live.crew"] * 2
    visitor.post("/widget/messages", {"content": "After"})
    other_house.visit("After")
    for stream in (*others, elsewhere):
        assert not next(stream).name.startswith("live."), "what was committed later came first"


def test_a_visitor_sees_that_somebody_writes_and_nothing_else(hub: Hub, house: House, sit: Sit, redis_url: str) -> None:
    """Only in the widget's own stream, only of words that are for the visitor, and without a word of who or what."""
    visitor = house.visit("Hello")
    number = visitor.conversation_id
    widget = following(hub, Scope(house.project_id, number, whole=True))
    others = [
        following(hub, Scope(house.project_id, number)),
        following(hub, Scope(house.project_id)),
        following(hub, Scope(house.project_id, house.visit("Elsewhere").conversation_id, whole=True)),
    ]
    heard(redis_url, Sign(house.project_id, "progress", {"text": "not yet"}, number))
    house.app.config["WTF_CSRF_ENABLED"] = False
    for to in ("", "visitor"):
        typed = sit(house.ben).client.post(f"/conversations/{number}/here", data={"doing": "typing", "to": to})
        assert typed.status_code == 200
    told = next(widget)
    assert (told.name, told.data, told.id) == ("live.agent_typing", {"conversation_id": number}, "")
    house.ada.post(f"/conversations/{number}/messages", {"content": "Said"})
    assert not next(widget).name.startswith("live."), "of the note that Ben typed first"
    others.pop()
    assert not any(next(stream).name.startswith("live.") for stream in others)


def test_agents_see_that_the_visitor_saw_the_last_word(
    hub: Hub, house: House, other_house: House, sit: Sit, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told once; what they see is no more once something newer is said, and lost with Redis."""
    visitor = house.visit("Hello")
    number = visitor.conversation_id
    path = f"/conversations/{number}/messages"
    note = house.ada.post(path, {"content": "A note", "private": True}).get_json()["id"]
    said = house.ada.post(path, {"content": "Here I am."}).get_json()["id"]
    words, ben = "Seen by the visitor", sit(house.ben)
    assert words not in ben.open(f"/conversations/{number}")
    page = following(hub, Scope(house.project_id, reader_id=house.ben.id, watching=number))
    heard(redis_url, Sign(house.project_id, "warm"))
    foreign = other_house.visit("Hello")
    for who, message in ((visitor, note), (visitor, said + 999), (foreign, said)):
        assert error(who.post("/widget/seen", {"message_id": message})) == (422, "invalid")
    for _again in range(2):
        assert visitor.post("/widget/seen", {"message_id": said}).status_code == 204
    house.ada.post(path, {"content": "Another note", "private": True})
    told = [one.name for one in itertools.takewhile(lambda one: one.name != "message.created", page)]
    assert told == ["live.warm", "live.visitor_saw"]
    assert words in ben.open(f"/conversations/{number}")
    away = FakeRedis(server=(server := FakeServer()))
    server.connected = False
    with monkeypatch.context() as without:
        without.setattr(house.app.extensions["tandem"].company, "_redis", away)
        assert visitor.post("/widget/seen", {"message_id": said}).status_code == 204
        assert words not in ben.open(f"/conversations/{number}")
    visitor.post("/widget/messages", {"content": "Good."})
    assert words not in ben.open(f"/conversations/{number}"), "they answered"


def test_an_agents_own_sign(hub: Hub, house: House, redis_url: str) -> None:
    number = house.visit("Hello").conversation_id
    pages = [following(hub, Scope(house.project_id, reader_id=who.id)) for who in (house.ada, house.ben)]
    heard(redis_url, Sign(house.project_id, "unsent", {"content": "mine"}, agent_id=house.ben.id))
    assert next(pages[1]).name == "live.unsent"
    house.ada.post(f"/conversations/{number}/messages", {"content": "After"})
    assert next(pages[0]).name != "live.unsent"


@pytest.mark.parametrize("payload", [b"", b"x", b"1 2 3", b"1 0 0 name {", b"\xff"])
def test_what_is_no_sign(payload: bytes) -> None:
    assert passing.decode(payload) is None


def test_the_visitors_typing_is_stored_nowhere(hub: Hub, house: House, engine: Engine, redis_url: str) -> None:
    visitor = house.visit("Hello")
    page = following(hub, Scope(house.project_id, reader_id=house.ben.id, watching=visitor.conversation_id))
    heard(redis_url, Sign(house.project_id, "warm"))
    counted = text("SELECT (SELECT count(*) FROM change), (SELECT sum(version) FROM conversation)")
    with engine.connect() as connection:
        before = connection.execute(counted).one()
    assert visitor.post("/widget/typing", {}).status_code == 204
    told = next(one for one in page if one.name != "live.warm")
    assert (told.name, told.data) == ("live.visitor_typing", {"conversation_id": visitor.conversation_id})
    with engine.connect() as connection:
        assert connection.execute(counted).one() == before


def test_typing_without_redis(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    away = FakeRedis(server=(server := FakeServer()))
    server.connected = False
    monkeypatch.setattr(house.app.extensions["tandem"].company, "_redis", away)
    assert house.visit("Hello").post("/widget/typing", {}).status_code == 204


def said(text: str, turn: int = 7) -> Progress:
    return Progress(turn, 3, "Check the order", None, text)


def test_only_the_newest_is_told() -> None:
    redis = FakeRedis()
    channel = redis.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]  # redis-py
    channel.subscribe(passing.CHANNEL)
    channel.get_message()
    teller = Teller(redis)
    teller._thread = threading.current_thread()  # no thread of its own: the test says when
    for words in ("One", "One two", "One two\nSources: 1, 2"):
        teller.tell(1, said(words))
    teller.tell_now()
    signs = [passing.decode(message["data"]) for message in iter(channel.get_message, None)]
    assert [(sign.conversation_id, sign.data["text"]) for sign in signs if sign] == [(3, "One two")]
    kept = run_progress.last(redis, 3, {"id": 7})
    assert kept is not None
    assert kept["node"] == "Check the order"
    assert run_progress.last(redis, 3, {"id": 8}) is None, "another turn's"
    assert run_progress.last(redis, 3, None) is None


def test_a_teller_outlives_a_redis_that_is_away() -> None:
    redis = FakeRedis(server=(server := FakeServer()))
    teller = Teller(redis)
    server.connected = False
    teller._thread = threading.current_thread()
    teller.tell(1, said("Lost"))
    with pytest.raises(RedisError):
        teller.tell_now()
    teller._thread = None
    server.connected = True
    teller.tell(1, said("Heard"))
    found = (run_progress.last(redis, 3, {"id": 7}) for _ in itertools.count())
    assert next(one for one in found if one and one["text"] == "Heard")


def test_a_turn_tells_how_far_it_is(people: People, worker: Context, model_server: ModelServer) -> None:
    turn = people.visitor_writes()
    assert turn is not None
    model_server.hold()
    running = Background(turns.run, (worker, turn))
    model_server.wait_until_asked(1)
    worker.teller.tell_now()
    model_server.release()
    running.result()
    kept = run_progress.last(worker.redis, people.conversation_id, {"id": turn})
    assert kept is not None
    assert [one["status"] for one in people.turns()] == ["landed"]
