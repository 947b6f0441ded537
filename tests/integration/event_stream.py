"""An event stream as a client reads it, until it is quiet, and a hub of one's own whose beats are quick.

Owns no test.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from inbox.events import Scope
from inbox.hub import Hub
from tests.integration.callers import Caller, House

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
def quick_beats(monkeypatch: pytest.MonkeyPatch) -> None:
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


CHANGE = text(
    "INSERT INTO change (project_id, conversation_id, version, body) VALUES (:project, :conversation, 1, :body)"
)


def first(caller: Caller, path: str, **more: Any) -> tuple[int, bytes]:
    """The status and the first piece of a stream."""
    with caller.get(path, **more) as response:
        pieces: Iterator[bytes] = iter(response.response)  # type: ignore[arg-type]
        return response.status_code, next(pieces)


def until(holds: Callable[[], bool]) -> None:
    tick = threading.Event()
    for _ in range(1000):
        if holds():
            return
        tick.wait(0.01)
    raise TimeoutError("it never came to hold")
