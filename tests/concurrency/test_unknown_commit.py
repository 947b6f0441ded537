"""The answer to a COMMIT is lost: nobody can tell whether it counted, and doing it again must do nothing twice.

A proxy between worker and PostgreSQL hangs up after the statement has reached the server and before its answer reaches
the worker; every other time it does not even wait for the server to finish. Every statement of a landing commits by
itself, so its answer is the answer to COMMIT; an idempotent POST has a COMMIT of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from app import create_app
from inbox.database import connect
from inbox.services import Services
from inbox.settings import Settings
from jobs import landing
from jobs import turn as turns
from jobs.context import Context
from jobs.landing import Lander
from tests.concurrency import faults
from tests.conftest import ListQueue
from tests.integration.callers import House
from tests.model_server import ModelServer, says
from tests.people import WORKFLOW, People
from tests.proxy import Cut, Proxy

LANDINGS, POSTS = 100, 40
CUTS: Sequence[Cut] = ("after the answer", "at once")
KINDS = ("reply", "routing step", "parked", "handed off")


@pytest.fixture
def proxy(database_url: str) -> Iterator[Proxy]:
    with Proxy(database_url) as proxy:
        yield proxy


@pytest.fixture
def behind(proxy: Proxy, worker: Context, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """A worker whose only way to the database is the proxy."""
    monkeypatch.setattr(landing, "AWAY_SLEEP_SECONDS", 0.001)
    engine = connect(proxy.url, application="behind the proxy")
    yield replace(worker, engine=engine, lander=Lander(engine, worker.redis))
    engine.dispose()


@dataclass
class Turn:
    """A visitor who has written, and the turn that answers."""

    people: People
    turn_id: int

    @classmethod
    def of(cls, people: People) -> Turn:
        """In a conversation of its own."""
        own = people.arrives_too()
        turn_id = own.visitor_writes()
        assert turn_id is not None
        return cls(own, turn_id)

    def end(self) -> tuple[str, int, int]:
        """How the turn ended, with how many replies and drafts."""
        (turn,) = self.people.turns()
        replies = [m for m in self.people.messages() if m["author"] == "responder"]
        return turn["status"], len(replies), len(self.people.drafts())

    def versions(self) -> list[int]:
        """The timeline's versions: one entry or more for each, none skipped, none told twice."""
        return sorted({entry["version"] for entry in self.people.timeline()})


def run(turn: Turn, behind: Context, proxy: Proxy, kind: str, cut: Cut) -> None:
    """Run the turn and lose the answer to that landing of it."""
    passes: list[str] = []

    def pause(point: str) -> None:
        if point != "refetched":
            return
        passes.append(point)
        if kind == "parked" and len(passes) == 2:  # the routing step was the first
            turn.people.act("take_over")
        if len(passes) == {"routing step": 1, "parked": 3}.get(kind, 2):
            proxy.arm(cut)

    turns.run(replace(behind, lander=replace(behind.lander, pause=pause)), turn.turn_id)


AS_EXPECTED = {
    "reply": ("landed", 1, 0),
    "routing step": ("landed", 1, 0),
    "parked": ("parked", 0, 1),
    "handed off": ("handed_off", 1, 0),
}
POSITION = {"reply": "after", "routing step": "after", "parked": "order", "handed off": "order"}


def test_a_landing_whose_answer_is_lost(
    people: People, behind: Context, proxy: Proxy, model_server: ModelServer, record_property: Any
) -> None:
    people.use_workflow(WORKFLOW)
    for number in range(LANDINGS):
        kind, cut = KINDS[number % len(KINDS)], CUTS[number // len(KINDS) % len(CUTS)]
        if kind == "handed off":
            model_server.script(model_server.default, *[says("")] * 3)
        turn = Turn.of(people)
        run(turn, behind, proxy, kind, cut)
        model_server.scripts.clear()
        assert turn.end() == AS_EXPECTED[kind], f"{kind}, cut {cut}"
        conversation = turn.people.conversation()
        assert turn.versions() == list(range(1, conversation["version"] + 1))
        state = conversation["metadata"]["workflowState"]
        assert state["currentNodeId"] == POSITION[kind], f"{kind}, cut {cut}: its own step was taken for a person's"
    assert proxy.cuts == LANDINGS
    record_property("answers to COMMIT lost", proxy.cuts)


def test_without_the_fence_the_constraint_still_refuses(people: People, behind: Context, proxy: Proxy) -> None:
    """The second guard: one reply for each turn, whatever the landing thinks."""
    people.use_workflow(WORKFLOW)
    with faults.no_fence(), pytest.raises(IntegrityError):
        run(Turn.of(people), behind, proxy, "reply", "after the answer")


def test_without_either_guard_the_visitor_reads_it_twice(people: People, behind: Context, proxy: Proxy) -> None:
    people.use_workflow(WORKFLOW)
    turn = Turn.of(people)
    with faults.no_fence(), faults.no_unique(people.services.database):
        run(turn, behind, proxy, "reply", "after the answer")
    assert turn.end() == ("landed", 2, 0)


@pytest.fixture
def house(proxy: Proxy, settings: Settings, services: Services, turn_queue: ListQueue) -> Iterator[House]:
    """The web application behind the proxy."""
    engine = connect(proxy.url, application="web behind the proxy")
    app = create_app(settings, Services(engine, turn_queue))
    yield House.build(app, services)
    app.extensions["tandem"].hub.close()
    engine.dispose()


def test_a_message_whose_commit_is_lost(house: House, proxy: Proxy, record_property: Any) -> None:
    """The web answers 503; the same request again, with its key, is written once."""
    visitor = house.visit()
    for number in range(POSTS):
        body, key = {"content": f"Message {number}"}, {"Idempotency-Key": f"key {number}"}
        proxy.arm(CUTS[number % len(CUTS)], partial(_carries, body["content"].encode()))  # it commits by itself
        lost = visitor.post("/widget/messages", body, headers=key)
        assert (lost.status_code, "Retry-After" in lost.headers) == (503, True)
        assert visitor.post("/widget/messages", body, headers=key).status_code == 201
    written = [message["content"] for message in visitor.get("/widget/messages").get_json()["items"]]
    assert written == [f"Message {number}" for number in range(POSTS)]
    assert proxy.cuts == POSTS
    record_property("answers to COMMIT lost", proxy.cuts)


def _carries(content: bytes, sent: bytes) -> bool:
    return content in sent


def test_without_a_key_it_would_be_written_twice(house: House, proxy: Proxy) -> None:
    visitor = house.visit()
    proxy.arm("after the answer", lambda sent: b"Once?" in sent)
    assert visitor.post("/widget/messages", {"content": "Once?"}).status_code == 503
    assert visitor.post("/widget/messages", {"content": "Once?"}).status_code == 201
    assert len(visitor.get("/widget/messages").get_json()["items"]) == 2
