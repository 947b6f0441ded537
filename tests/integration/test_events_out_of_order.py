"""I7 at its hardest: transactions commit in another order than they began, and the client reconnects after every event.

Each client must see each event exactly once, in the order of commits, in a conversation and in a project.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import Engine, text

from inbox.events import Scope
from inbox.hub import Hub
from tests.background import Background
from tests.integration.callers import Caller, House
from tests.integration.event_stream import CHANGE, Event, hub, walk

__all__ = ["hub"]  # a fixture, used by its name

OPEN = 5  # transactions at once
ORDERS = 12  # of the 120 there are
WRITERS, EACH = 4, 15
EMPTY: dict[str, Any] = {"conversation": None, "turns": [], "drafts": [], "entries": []}


@pytest.fixture(autouse=True)
def _quick_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inbox.audience.BEAT_SECONDS", 0.02)


@dataclass
class Client:
    """Somebody who reconnects after every event and remembers what they saw."""

    hub: Hub
    scope: Scope
    seen: list[Event] = field(default_factory=list)

    def read(self) -> None:
        """Read until it is quiet, each event over a connection of its own."""
        self.seen += walk(self.hub, self.scope, self.seen[-1].id if self.seen else "0")

    def contents(self, known: int = 0) -> list[str]:
        """What was said, in the order in which it was seen, from the event with this number on."""
        return [e.data["message"]["content"] for e in self.seen[known:] if e.name == "message.created"]


def change(house: House, at: int, number: int) -> dict[str, Any]:
    message = {
        "id": number, "conversation_id": at, "author": "agent", "author_id": 1, "author_name": "x", "private": False,
        "content": str(number), "turn_id": None, "sent_by": None, "details": {}, "created_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    body = json.dumps(EMPTY | {"messages": [message]})
    return {"project": house.project_id, "conversation": at, "body": body}


def commits(house: House, hub: Hub, engine: Engine, order: tuple[int, ...]) -> int:
    """Open transactions one after the other, commit them in this order, reading after each. Checks what was seen."""
    here, there = house.visit().conversation_id, house.visit().conversation_id
    project, conversation = Client(hub, Scope(house.project_id)), Client(hub, Scope(house.project_id, here))
    project.read()
    known = len(project.seen)
    with ExitStack() as opened:
        writing = [opened.enter_context(engine.connect()) for _ in order]
        for number, connection in enumerate(writing):
            connection.execute(CHANGE, change(house, here if number % 2 else there, number))
        for number in order:
            writing[number].commit()
            project.read()
            conversation.read()
    assert project.contents(known) == [str(number) for number in order]
    assert conversation.contents() == [str(number) for number in order if number % 2]
    return len(project.seen) - known + len(conversation.seen)


def test_commits_in_many_orders(house: House, hub: Hub, engine: Engine, record_property: Any) -> None:
    orders = list(itertools.permutations(range(OPEN)))
    seen = sum(commits(house, hub, engine, order) for order in random.Random(7).sample(orders, ORDERS))
    record_property("events, each seen once and in order over a connection of its own", seen)


# What every reader by id does: the order in which ids were drawn is taken for the order of commits.
BY_ID = text(
    """
WITH placed AS (UPDATE change SET position = id WHERE position IS NULL AND :head >= 0 RETURNING 1)
UPDATE stream_head SET position = GREATEST(position, (SELECT max(id) FROM change))
WHERE EXISTS (SELECT 1 FROM placed)"""
)


@contextmanager
def read_by_id() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("inbox.events.PLACE", BY_ID)
        yield


def test_a_reader_by_id_would_miss_what_commits_late(house: House, hub: Hub, engine: Engine) -> None:
    in_order, late = tuple(range(OPEN)), (1, 0, *range(2, OPEN))
    with read_by_id():
        commits(house, hub, engine, in_order)  # where nothing is late nobody notices
        with pytest.raises(AssertionError):
            commits(house, hub, engine, late)


def test_while_many_write(
    house: House, hub: Hub, in_background: Callable[..., Background], record_property: Any
) -> None:
    """Visitors write through the product as fast as they can; the clients read meanwhile."""
    visitors = [house.visit() for _ in range(WRITERS)]
    clients = [Client(hub, Scope(house.project_id))]
    clients += [Client(hub, Scope(house.project_id, visitor.conversation_id)) for visitor in visitors[:2]]

    def write(visitor: Caller) -> None:
        for number in range(EACH):
            key = {"Idempotency-Key": f"{visitor.conversation_id} {number}"}  # a transaction of several statements
            assert visitor.post("/widget/messages", {"content": str(number)}, headers=key).status_code == 201

    writing = [in_background(write, visitor) for visitor in visitors]
    for _ in range(3):
        for client in clients:
            client.read()
    for one in writing:
        one.result()
    for client in clients:
        client.read()
        assert len({event.id for event in client.seen}) == len(client.seen)
        for visitor in visitors:
            at = visitor.conversation_id
            if client.scope.conversation_id in (None, at):
                own = [e for e in client.seen if e.data["conversation_id"] == at]
                said = [e.data["message"]["content"] for e in own if e.name == "message.created"]
                assert said == [str(number) for number in range(EACH)]
                versions = [e.data["version"] for e in own]
                assert versions == sorted(versions)
    seen = sum(len(client.seen) for client in clients)
    record_property("events, each seen once and in order over a connection of its own", seen)
