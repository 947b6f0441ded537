"""Events reach a receiver at least once and in order, whoever dies, wherever two are at it, and without Redis."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from redis import Redis
from rq import Queue
from sqlalchemy import text

from inbox.services import Services
from jobs import delivering, feeding
from jobs.context import Context
from jobs.delivery_queue import DeliveryQueue
from jobs.dispatching import dispatch
from jobs.queue import DELIVERIES
from tests.background import Background
from tests.integration.callers import House
from tests.integration.webhooking import contents, due_now, hook, log_of
from tests.receiver import Answer, Received, Receiver


def test_order_is_kept_while_one_is_tried_again(
    house: House, here: Context, receiver: Receiver, services: Services
) -> None:
    """The first of a conversation is refused twice: those behind it wait, another conversation does not."""
    made = hook(house, receiver)
    first, second = house.visit(), house.visit()
    for content in ("one", "two", "three"):
        first.post("/widget/messages", {"content": content})
    second.post("/widget/messages", {"content": "elsewhere"})
    refusals = iter([503, 500])

    def answer(one: Received) -> Answer:
        return Answer(next(refusals, 200)) if b'"one"' in one.body else Answer()

    receiver.answer = answer
    delivering.run(here, made["id"])
    assert sorted(contents(receiver.received)) == ["elsewhere", "one"]
    due_now(services)
    delivering.run(here, made["id"])
    assert contents(receiver.received)[2:] == ["one"]
    due_now(services)
    delivering.run(here, made["id"])
    assert contents(receiver.received)[3:] == ["one", "two", "three"]
    versions = [one.event["data"]["version"] for one in receiver.received[3:]]
    assert versions == sorted(versions)
    ids = {one.id for one in receiver.received if b'"one"' in one.body}
    assert len(ids) == 1
    tries = log_of(house, made)[0]["tries"]
    assert [tried["status"] for tried in tries] == [503, 500, 200]


def test_killed_in_between(
    house: House, here: Context, receiver: Receiver, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that dies after sending and before marking: the same event again, under the same id."""
    made = hook(house, receiver)
    house.visit("Hello")
    real = delivering.mark

    def die(*_: Any) -> None:
        raise SystemExit

    monkeypatch.setattr(delivering, "mark", die)
    with pytest.raises(SystemExit):
        delivering.run(here, made["id"])
    monkeypatch.setattr(delivering, "mark", real)
    delivering.run(here, made["id"])
    assert len(receiver.received) == 1, "the lease still holds"
    with services.database.begin() as connection:
        connection.execute(text("UPDATE webhook_delivery SET lease_until = now() - interval '1 second'"))
    assert dispatch(here, DeliveryQueue(here.redis)) == 1
    delivering.run(here, made["id"])
    assert len(receiver.received) == 2
    assert receiver.received[0].id == receiver.received[1].id
    assert receiver.received[0].body == receiver.received[1].body
    assert [one["state"] for one in log_of(house, made)] == ["delivered"]


def test_who_lost_the_lease_marks_nothing(house: House, here: Context, receiver: Receiver, services: Services) -> None:
    made = hook(house, receiver)
    house.visit("Hello")
    feeding.feed(here.engine, made["id"])
    (late,) = delivering.claim(here, made["id"], 1)
    due_now(services)
    (ours,) = delivering.claim(here, made["id"], 1)
    delivering.send(here, late)
    assert [one["state"] for one in log_of(house, made)] == ["waiting"]
    delivering.send(here, ours)
    assert [one["state"] for one in log_of(house, made)] == ["delivered"]


def test_two_claims_at_once(house: House, here: Context, receiver: Receiver) -> None:
    made = hook(house, receiver)
    for number in range(4):
        house.visit(f"Hello {number}", "And more")
    feeding.feed(here.engine, made["id"])
    begin = threading.Barrier(4)

    def claim() -> list[int]:
        begin.wait()
        return [one.id for one in delivering.claim(here, made["id"], 2)]

    claimed = [one for racing in [Background(claim, ()) for _ in range(4)] for one in racing.result()]
    assert len(claimed) == len(set(claimed))
    assert len(claimed) <= 4, "only the first of each conversation"


def test_two_feeds_at_once(house: House, here: Context, receiver: Receiver) -> None:
    made = hook(house, receiver)
    for number in range(20):
        house.visit(f"Hello {number}")
    begin = threading.Barrier(4)

    def feed() -> None:
        begin.wait()
        feeding.feed(here.engine, made["id"])

    for racing in [Background(feed, ()) for _ in range(4)]:
        racing.result()
    told = [json.loads(one["body"])["data"]["message"]["content"] for one in log_of(house, made)]
    assert told == [f"Hello {number}" for number in range(20)]


def test_redis_emptied(house: House, here: Context, receiver: Receiver) -> None:
    """Nothing that Redis forgets is needed: the next look finds what is due and puts it into the queue again."""
    made = hook(house, receiver)
    house.visit("Hello")
    queue = DeliveryQueue(here.redis)
    assert dispatch(here, queue) == 1
    assert dispatch(here, queue) == 1
    waiting = Queue(DELIVERIES, connection=here.redis)
    assert len(waiting) == 1, "one job, however often it is looked"
    here.redis.flushall()
    assert dispatch(here, queue) == 1
    assert len(waiting) == 1
    delivering.run(here, made["id"])
    assert contents(receiver.received) == ["Hello"]
    assert dispatch(here, queue) == 0


Stop = Callable[[], None]


@pytest.fixture
def working(here: Context) -> Iterator[Stop]:
    """The dispatcher of a worker, and one thread that runs the jobs of the queue."""
    from jobs.dispatching import dispatch_for_ever

    stopped = threading.Event()
    threading.Thread(target=dispatch_for_ever, args=(here, stopped), daemon=True).start()
    yield stopped.set
    stopped.set()


def test_a_commit_wakes_the_dispatcher(house: House, here: Context, receiver: Receiver, working: Stop) -> None:
    made = hook(house, receiver)
    house.visit("Hello")
    queue = Queue(DELIVERIES, connection=Redis.from_url(str(here.settings.redis_url)))
    found = queue.dequeue_any([queue], timeout=5, connection=queue.connection)
    assert found is not None
    assert found[0].args == (made["id"],)
