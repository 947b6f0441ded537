"""I7: the event stream that a client sees is in commit order, with no gap and nothing twice, across reconnects."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from inbox import pruning
from inbox.errors import BadEventId
from inbox.events import Scope, place
from inbox.hub import Hub
from inbox.presence import Presence
from tests.background import Background
from tests.conftest import InBackground
from tests.integration.callers import Caller, House, error

QUIET = ": beat\n\n"  # nothing more is to come for now


@dataclass(frozen=True)
class Event:
    """One event as a browser would get it."""

    id: str
    name: str
    data: dict[str, Any]


def parse(chunk: bytes) -> list[Event | str]:
    """Events and comments of a piece of a stream."""
    found: list[Event | str] = []
    for block in chunk.decode().split("\n\n")[:-1]:
        lines = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        shown = Event(lines.get("id", ""), lines["event"], json.loads(lines["data"])) if lines else block + "\n\n"
        found.append(shown)
    return found


def flat(stream: Iterator[bytes]) -> Iterator[Event | str]:
    """The events and comments of a stream, as they come."""
    return itertools.chain.from_iterable(map(parse, stream))


@pytest.fixture(autouse=True)
def _quick_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inbox.audience.BEAT_SECONDS", 0.1)


@pytest.fixture
def hub(engine: Engine, redis_url: str) -> Iterator[Hub]:
    """A hub as a web process has it."""
    hub = Hub(engine, Redis.from_url(redis_url))
    yield hub
    hub.close()


def until_quiet(hub: Hub, scope: Scope, last: str | None) -> list[Event]:
    """All that is there after the last id, until the stream is quiet."""
    stream = hub.stream(scope, last)
    seen = itertools.takewhile(lambda one: one != QUIET, flat(stream))
    return [one for one in seen if isinstance(one, Event)]


def walk(hub: Hub, scope: Scope, last: str | None) -> list[Event]:
    """The same, by a client that reconnects after every event."""
    seen: list[Event] = []
    while True:
        stream = hub.stream(scope, last)
        first = next(e for e in flat(stream) if e == QUIET or isinstance(e, Event))
        stream.close()  # type: ignore[attr-defined]  # a generator
        if not isinstance(first, Event):
            return seen
        seen.append(first)
        last = first.id


def busy(house: House) -> Caller:
    """A conversation in which everything happens."""
    visitor = house.visit("Hello")
    path = f"/conversations/{visitor.conversation_id}"
    house.ada.patch(path, {"assignee_id": house.ben.id, "status": "pending"})
    house.ada.post(f"{path}/messages", {"content": "internal", "private": True})
    house.ada.post(f"{path}/messages", {"content": "Hi"})
    visitor.post("/widget/messages", {"content": "Thanks"})
    house.ben.post(f"{path}/give-back")
    return visitor


def told(seen: list[Event], what: str) -> list[Any]:
    """What the events told of one kind of thing."""
    return [event.data[what] for event in seen if what in event.data]


def test_form(house: House, hub: Hub) -> None:
    visitor = busy(house)
    seen = until_quiet(hub, Scope(house.project_id), "0")
    assert {e.name for e in seen} == {"message.created", "conversation.updated", "turn.updated", "timeline.created"}
    what = {"message.created": "message", "conversation.updated": "conversation", "turn.updated": "turn",
            "timeline.created": "entry"}  # fmt: skip
    for event in seen:
        assert event.data.keys() == {"type", "conversation_id", "version", "at", what[event.name]}
        assert event.data["type"] == event.name
        assert event.data["conversation_id"] == visitor.conversation_id
    versions = [e.data["version"] for e in seen]
    assert versions == sorted(versions)
    path = f"/conversations/{visitor.conversation_id}"
    assert told(seen, "message") == house.ada.get(f"{path}/messages").get_json()["items"]
    assert told(seen, "entry") == house.ada.get(f"{path}/timeline").get_json()["items"]
    assert told(seen, "turn")[-1] == house.ada.get(f"{path}/turns").get_json()["items"][0]
    assert told(seen, "conversation")[-1] == house.ada.get(path).get_json()


def test_a_visitor_sees_what_is_theirs(house: House, hub: Hub) -> None:
    visitor, _ = busy(house), busy(house)
    seen = until_quiet(hub, Scope(house.project_id, visitor.conversation_id), "0")
    assert {e.data["conversation_id"] for e in seen} == {visitor.conversation_id}
    assert {e.name for e in seen} == {"message.created", "turn.updated"}
    assert [message["content"] for message in told(seen, "message")] == ["Hello", "Hi", "Thanks"]
    assert told(seen, "turn") == [{"status": "queued"}, {"status": "cancelled"}, {"status": "queued"}]
    assert told(seen, "message") == visitor.get("/widget/messages").get_json()["items"]
    assert "internal" not in str(seen)
    assert "Ben" not in str([e.data for e in seen if "message" not in e.data])


def test_a_client_that_reconnects_after_every_event(house: House, other_house: House, hub: Hub) -> None:
    first = busy(house)
    busy(other_house)
    busy(house)
    for scope in (Scope(house.project_id), Scope(house.project_id, first.conversation_id)):
        whole = until_quiet(hub, scope, "0")
        assert len({e.id for e in whole}) == len(whole) > 3
        assert walk(hub, scope, "0") == whole
        for n, event in enumerate(whole):
            assert until_quiet(hub, scope, event.id) == whole[n + 1 :]


def test_without_an_id_from_now(house: House, hub: Hub) -> None:
    busy(house)
    assert until_quiet(hub, Scope(house.project_id), None) == []
    assert until_quiet(hub, Scope(house.project_id), "") == []


CHANGE = text(
    "INSERT INTO change (project_id, conversation_id, version, body) VALUES (:project, :conversation, 1, :body)"
)


def test_commits_out_of_order(house: House, hub: Hub, engine: Engine) -> None:
    """The change that took its id first commits last: a reader by id would never see it."""
    at = house.visit().conversation_id
    scope = Scope(house.project_id)
    last = until_quiet(hub, scope, "0")[-1].id
    body: dict[str, Any] = {"conversation": None, "turns": [], "drafts": [], "entries": []}

    def row(n: int) -> dict[str, Any]:
        message = {
            "id": n, "conversation_id": at, "author": "agent", "author_id": 1, "author_name": "x", "content": str(n),
            "private": False, "turn_id": None, "sent_by": None, "details": {}, "created_at": "2026-01-01T00:00:00Z",
        }  # fmt: skip
        values = {"project": house.project_id, "conversation": at}
        return values | {"body": json.dumps(body | {"messages": [message]})}

    with engine.connect() as slow:
        slow.execute(CHANGE, row(1))
        with engine.begin() as quick:
            quick.execute(CHANGE, row(2))
        before = until_quiet(hub, scope, last)
        slow.commit()
    after = until_quiet(hub, scope, before[-1].id)
    assert [e.data["message"]["content"] for e in before + after] == ["2", "1"]
    assert until_quiet(hub, scope, last) == before + after


def test_live(house: House, hub: Hub, in_background: Callable[..., Background]) -> None:
    visitor = house.visit("Hello")
    stream = hub.stream(Scope(house.project_id), None)
    assert next(stream) == b": welcome\n\n"
    names = iter(e for e in flat(stream) if isinstance(e, Event))
    for n in range(20):
        visitor.post("/widget/messages", {"content": str(n)})
        event = next(e for e in names if e.name == "message.created")
        assert event.data["message"]["content"] == str(n)


def test_joining_while_much_is_written(house: House, hub: Hub, in_background: Callable[..., Background]) -> None:
    """Catching up ends where live begins: nothing is missed and nothing told twice, wherever a client joins."""
    visitors = [house.visit() for _ in range(3)]
    done: list[Caller] = []

    def write(visitor: Caller) -> None:
        for n in range(40):
            visitor.post("/widget/messages", {"content": str(n)})
        done.append(visitor)

    for visitor in visitors:
        in_background(write, visitor)
    scope = Scope(house.project_id)
    joined: list[tuple[str, list[Event]]] = []
    while len(done) < len(visitors):
        stream = hub.stream(scope, "0")
        seen = [e for e in itertools.islice(flat(stream), 30) if isinstance(e, Event)]
        stream.close()  # type: ignore[attr-defined]  # a generator
        last = seen[len(seen) // 2].id
        joined.append((last, until_quiet(hub, scope, last)))
    whole = until_quiet(hub, scope, "0")
    assert len({e.id for e in whole}) == len(whole)
    ids = [e.id for e in whole]
    for last, seen in joined:
        start = ids.index(last) + 1
        assert seen == whole[start : start + len(seen)]
    for visitor in visitors:
        own = [m["content"] for m in told(whole, "message") if m["conversation_id"] == visitor.conversation_id]
        assert own == [str(n) for n in range(40)]


@pytest.mark.parametrize(
    "bad",
    [
        "x", "-1", "1", "00", "0.0", "999999999.0", "1.0 ", " 1.0", "1.0.0", "01.0", "1.00", "1.99", "١.0", "1.0\n",
        "1e1.0", "9" * 400,
    ],
)  # fmt: skip
def test_ids_that_were_never_issued(house: House, hub: Hub, bad: str) -> None:
    busy(house)
    assert until_quiet(hub, Scope(house.project_id), "0")[0].id.startswith("1.")
    with pytest.raises(BadEventId):
        hub.stream(Scope(house.project_id), bad)


def test_ids_of_others(house: House, other_house: House, hub: Hub) -> None:
    mine, second = busy(house), busy(house)
    busy(other_house)
    theirs = {e.id for e in until_quiet(hub, Scope(other_house.project_id), "0")}
    own = {e.id for e in until_quiet(hub, Scope(house.project_id), "0")}
    visible = {e.id for e in until_quiet(hub, Scope(house.project_id, mine.conversation_id), "0")}
    seconds = {e.id for e in until_quiet(hub, Scope(house.project_id, second.conversation_id), "0")}
    assert not theirs & own
    assert not visible & seconds
    for foreign in theirs:
        with pytest.raises(BadEventId):
            hub.stream(Scope(house.project_id), foreign)
    for hidden in own - visible:  # the other conversation's, and the private ones of the own
        with pytest.raises(BadEventId):
            hub.stream(Scope(house.project_id, mine.conversation_id), hidden)


def test_too_old(house: House, hub: Hub, engine: Engine) -> None:
    busy(house)
    scope = Scope(house.project_id)
    old = until_quiet(hub, scope, "0")
    with engine.begin() as connection:
        connection.execute(text("UPDATE change SET at = at - interval '8 days'"))
    busy(house)
    kept = until_quiet(hub, scope, old[-1].id)
    with engine.begin() as connection:
        assert pruning.prune(connection) > 0
        assert pruning.prune(connection) == 0
    seen = list(itertools.takewhile(lambda one: one != QUIET, flat(hub.stream(scope, old[0].id))))
    assert [one.name for one in seen if isinstance(one, Event)] == ["reset"]
    assert until_quiet(hub, scope, "0") == kept
    with engine.begin() as connection:
        connection.execute(text("UPDATE change SET at = at - interval '8 days'"))
        pruning.prune(connection)
    assert [e.name for e in until_quiet(hub, scope, kept[-1].id)] == ["reset"]
    assert until_quiet(hub, scope, "0") == []


def test_pruning_leaves_no_hole(house: House, hub: Hub, engine: Engine) -> None:
    busy(house)
    place(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE change SET at = at - interval '8 days' WHERE position <> 2"))
        pruning.prune(connection)
        left = connection.execute(text("SELECT min(position), count(*) FROM change")).one()
    assert left[0] == 2
    assert left[1] > 2


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


def test_a_page_begins_where_it_was_rendered(house: House, hub: Hub) -> None:
    assert hub.position(house.project_id) is None
    busy(house)
    position = hub.position(house.project_id)
    assert position == until_quiet(hub, Scope(house.project_id), "0")[-1].id
    assert until_quiet(hub, Scope(house.project_id), position) == []


def first(caller: Caller, path: str, **more: Any) -> tuple[int, bytes]:
    """The status and the first piece of a stream."""
    with caller.get(path, **more) as response:
        pieces: Iterator[bytes] = iter(response.response)  # type: ignore[arg-type]
        return response.status_code, next(pieces)


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


def test_a_stream_ends_with_the_right_to_read_it(house: House, engine: Engine) -> None:
    """A token that is revoked while its stream is open: within a beat nothing more goes out."""
    with house.ada.get("/events") as response:
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


def until(holds: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(1000):
        if holds():
            return
        tick.wait(0.01)
    raise TimeoutError("it never came to hold")
