"""Webhooks on a real receiver: signed, in order, at least once, and only to public addresses."""

from __future__ import annotations

import base64
import hmac
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from flask import Flask
from redis import Redis
from rq import Queue
from sqlalchemy import text
from standardwebhooks import Webhook, WebhookVerificationError

from inbox import visiting
from inbox.api.event_answers import SENT
from inbox.services import Services
from inbox.settings import Settings
from jobs import context, delivering, feeding
from jobs.context import Context
from jobs.delivering import DISABLED_AFTER_DAYS, MOST_FAILURES
from jobs.delivery_queue import DeliveryQueue
from jobs.dispatching import dispatch
from jobs.queue import DELIVERIES
from tests.background import Background
from tests.integration.callers import Caller, House, error
from tests.receiver import Answer, Received, Receiver

MESSAGES = ["message.created"]


def hook(house: House, receiver: Receiver, events: list[str] | None = None) -> dict[str, Any]:
    """A new webhook of the house, with its secret."""
    made = house.ada.post("/webhooks", {"url": receiver.url, "events": events or MESSAGES})
    assert made.status_code == 201, made.text
    return dict(made.get_json())


def log_of(house: House, webhook: Mapping[str, Any], **query: str) -> list[dict[str, Any]]:
    """Its deliveries, oldest first."""
    answer = house.ada.get(f"/webhooks/{webhook['id']}/deliveries", query_string=query)
    return list(answer.get_json()["items"][::-1])


def due_now(services: Services) -> None:
    """As if the time until the next attempts had passed."""
    with services.database.begin() as connection:
        connection.execute(text("UPDATE webhook_delivery SET due_at = now(), lease_until = NULL"))
        connection.execute(text("UPDATE webhook SET rests_until = NULL"))


def contents(received: list[Received]) -> list[str]:
    return [one.event["data"]["message"]["content"] for one in received]


def test_signed_as_standard_webhooks_has_it(house: House, here: Context, receiver: Receiver) -> None:
    made = hook(house, receiver)
    visitor = house.visit("Xin chào 🎉")
    delivering.run(here, made["id"])
    (one,) = receiver.received
    event = Webhook(made["secret"]).verify(one.body, one.headers)
    assert event["type"] == "message.created"
    assert event["data"]["project_id"] == house.project_id
    assert event["data"]["conversation_id"] == visitor.conversation_id
    assert event["data"]["version"] == 1
    assert event["data"]["message"]["content"] == "Xin chào 🎉"
    assert one.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(one.body + b" ", one.headers)
    # By hand, as the page about the API has it.
    key = base64.b64decode(made["secret"].removeprefix("whsec_"))
    signed = f"{one.id}.{one.headers['webhook-timestamp']}.".encode() + one.body
    expected = base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    assert one.headers["webhook-signature"].split() == ["v1," + expected]
    (delivery,) = log_of(house, made)
    assert (delivery["state"], delivery["event_id"], delivery["body"]) == ("delivered", one.id, one.body.decode())
    assert [(tried["status"], tried["said"]) for tried in delivery["tries"]] == [(200, "ok")]


def test_every_act_is_told_without_knowing_of_it(house: House, here: Context, receiver: Receiver) -> None:
    """What the event stream tells is what is sent: nothing between an act and its change row can forget one."""
    made = house.ada.post("/webhooks", {"url": receiver.url}).get_json()
    at = house.visit("Hello").conversation_id
    house.ada.patch(f"/conversations/{at}", {"status": "pending", "labels": ["order"]})
    house.ada.post(f"/conversations/{at}/messages", {"content": "A note", "private": True})
    house.ada.post(f"/conversations/{at}/take-over")
    delivering.run(here, made["id"])
    for one in receiver.received:
        SENT[one.event["type"]].model_validate_json(one.body, extra="forbid")
    told = [(one.event["type"], one.event["data"]["version"]) for one in receiver.received]
    assert {kind for kind, _ in told} == set(made["events"]) - {"draft.updated"}
    assert {version for _, version in told} == {0, 1, 2, 3, 4}
    with here.engine.begin() as connection:
        changes = connection.execute(text("SELECT count(*) FROM change WHERE position IS NOT NULL")).scalar_one()
    assert changes == 5


def test_only_what_was_asked_for_and_of_this_project(
    house: House, other_house: House, here: Context, receiver: Receiver
) -> None:
    house.visit("Before")
    made = hook(house, receiver)
    other_house.visit("Elsewhere")
    house.visit("After")
    delivering.run(here, made["id"])
    assert contents(receiver.received) == ["After"]


def test_what_is_rolled_back_is_not_told(house: House, here: Context, receiver: Receiver, services: Services) -> None:
    made = hook(house, receiver)
    visitor = house.visit()
    with services.database.connect() as connection:
        abandoned = visiting.who(connection, visiting.start_session(connection, key=house.key, visitor={}).token)
        assert abandoned is not None
        visiting.receive(connection, abandoned, "Never said", agent_online=False)
        connection.rollback()
    visitor.post("/widget/messages", {"content": "Committed"})
    delivering.run(here, made["id"])
    assert contents(receiver.received) == ["Committed"]


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


def test_given_up_and_sent_once_more(house: House, here: Context, receiver: Receiver, services: Services) -> None:
    made = hook(house, receiver)
    visitor = house.visit("Hello")
    receiver.answer = lambda _: Answer(500, body=b"no <b>room</b>\x00")
    for _ in range(MOST_FAILURES):
        due_now(services)
        delivering.run(here, made["id"])
    (delivery,) = log_of(house, made)
    assert (delivery["state"], delivery["failures"]) == ("failed", MOST_FAILURES)
    assert delivery["tries"][-1]["said"] == "no <b>room</b>"
    visitor.post("/widget/messages", {"content": "Next"})
    receiver.answer = lambda _: Answer()
    due_now(services)
    delivering.run(here, made["id"])
    assert contents(receiver.received)[-1] == "Next", "one that was given up holds back nobody"
    answer = house.ada.post(f"/webhooks/{made['id']}/deliveries/{delivery['id']}/replay")
    assert answer.get_json()["state"] == "waiting"
    delivering.run(here, made["id"])
    assert (contents(receiver.received)[-1], receiver.received[-1].id) == ("Hello", delivery["event_id"])
    with services.database.begin() as connection:
        connection.execute(text("UPDATE webhook_delivery SET state = 'failed'"))
    assert house.ada.post(f"/webhooks/{made['id']}/replay-failed").get_json() == {"replayed": 2}
    delivering.run(here, made["id"])
    assert contents(receiver.received)[-2:] == ["Hello", "Next"]
    house.ada.post(f"/webhooks/{made['id']}/test")
    recorded = house.ada.get("/audit").get_json()["items"][:3]
    assert [(one["kind"], one["subject"], one["data"]) for one in recorded] == [
        ("webhook_tested", receiver.url, {}),
        ("webhook_replayed", receiver.url, {"deliveries": 2}),
        ("webhook_replayed", receiver.url, {"event": delivery["event_id"]}),
    ]


def test_gone_switches_it_off(house: House, here: Context, receiver: Receiver, services: Services) -> None:
    made = hook(house, receiver)
    visitor = house.visit("Hello")
    receiver.answer = lambda _: Answer(410)
    delivering.run(here, made["id"])
    found = house.ada.get(f"/webhooks/{made['id']}").get_json()
    assert (found["enabled"], found["off_reason"], found["version"]) == (False, "gone", 2)
    visitor.post("/widget/messages", {"content": "Meanwhile"})
    assert dispatch(here, DeliveryQueue(here.redis)) == 0
    delivering.run(here, made["id"])
    assert len(receiver.received) == 1
    receiver.answer = lambda _: Answer()
    found = house.ada.patch(f"/webhooks/{made['id']}", {"enabled": True}).get_json()
    assert (found["enabled"], found["off_reason"]) == (True, None)
    due_now(services)
    delivering.run(here, made["id"])
    assert contents(receiver.received)[1:] == ["Hello", "Meanwhile"], "it goes on where it stood"


def test_days_of_failures_switch_it_off(house: House, here: Context, receiver: Receiver, services: Services) -> None:
    made = hook(house, receiver)
    house.visit("Hello")
    receiver.answer = lambda _: Answer(500)
    delivering.run(here, made["id"])
    assert house.ada.get(f"/webhooks/{made['id']}").get_json()["failing_since"]
    for days, enabled in ((DISABLED_AFTER_DAYS - 1, True), (DISABLED_AFTER_DAYS + 1, False)):
        due_now(services)
        with services.database.begin() as connection:
            since = "UPDATE webhook SET failing_since = now() - make_interval(days => :days)"
            connection.execute(text(since), {"days": days})
        delivering.run(here, made["id"])
        assert house.ada.get(f"/webhooks/{made['id']}").get_json()["enabled"] is enabled
    assert house.ada.get(f"/webhooks/{made['id']}").get_json()["off_reason"] == "failing"


def test_what_arrives_ends_the_days_of_failures(
    house: House, here: Context, receiver: Receiver, services: Services
) -> None:
    made = hook(house, receiver)
    house.visit("Hello")
    receiver.answer = lambda _: Answer(500)
    delivering.run(here, made["id"])
    receiver.answer = lambda _: Answer(204, body=b"")
    due_now(services)
    delivering.run(here, made["id"])
    assert house.ada.get(f"/webhooks/{made['id']}").get_json()["failing_since"] is None


def test_retry_after_is_heeded(house: House, here: Context, receiver: Receiver, services: Services) -> None:
    made = hook(house, receiver)
    house.visit("Hello")
    receiver.answer = lambda _: Answer(429, {"Retry-After": "3000"})
    delivering.run(here, made["id"])
    with services.reading() as connection:
        wait = "SELECT extract(epoch FROM due_at - now()) FROM webhook_delivery"
        assert 2900 < connection.execute(text(wait)).scalar_one() <= 3000


def test_redirects_are_not_followed(house: House, here: Context, receiver: Receiver) -> None:
    made = hook(house, receiver)
    house.visit("Hello")
    receiver.answer = lambda _: Answer(307, {"Location": receiver.url + "/elsewhere"})
    delivering.run(here, made["id"])
    assert len(receiver.received) == 1
    (tried,) = log_of(house, made)[0]["tries"]
    assert (tried["status"], tried["fault"]) == (307, "Redirects are not followed.")


def test_a_large_answer_is_not_read(house: House, here: Context, receiver: Receiver) -> None:
    made = hook(house, receiver)
    house.visit("Hello")
    receiver.answer = lambda _: Answer(200, body=b"x" * 5_000_000)
    delivering.run(here, made["id"])
    (delivery,) = log_of(house, made)
    assert (delivery["state"], len(delivery["tries"][0]["said"])) == ("delivered", 500)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "[::1]",
        "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]", "[fd00::1]", "[ff02::1]",
        "localhost", "2130706433", "0x7f.1",
    ],
)  # fmt: skip
def test_only_public_addresses(house: House, settings: Settings, receiver: Receiver, address: str) -> None:
    here = context.build(settings)
    port = receiver.url.rpartition(":")[2]
    made = house.ada.post("/webhooks", {"url": f"http://{address}:{port}", "events": MESSAGES})
    assert made.status_code == 201
    house.visit("Hello")
    delivering.run(here, made.get_json()["id"])
    (delivery,) = log_of(house, made.get_json())
    assert [tried["fault"] for tried in delivery["tries"]] == ["Not sent: its host has no public address."]
    assert receiver.received == []
    here.engine.dispose()


def test_rotation_signs_with_both_for_a_day(
    house: House, here: Context, receiver: Receiver, services: Services
) -> None:
    made = hook(house, receiver)
    rotated = house.ada.post(f"/webhooks/{made['id']}/rotate").get_json()
    assert rotated["secret"] != made["secret"]
    house.visit("Hello")
    delivering.run(here, made["id"])
    for secret in (made["secret"], rotated["secret"]):
        assert Webhook(secret).verify(receiver.received[0].body, receiver.received[0].headers)
    with services.database.begin() as connection:
        connection.execute(text("UPDATE webhook SET previous_until = now()"))
    house.visit("Later")
    delivering.run(here, made["id"])
    Webhook(rotated["secret"]).verify(receiver.received[1].body, receiver.received[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(made["secret"]).verify(receiver.received[1].body, receiver.received[1].headers)


def test_the_secret_is_told_once_and_stored_sealed(house: House, receiver: Receiver, services: Services) -> None:
    body = {"url": receiver.url}
    made = house.ada.post("/webhooks", body, headers={"Idempotency-Key": "k"})
    again = house.ada.post("/webhooks", body, headers={"Idempotency-Key": "k"})
    assert made.get_json() == again.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    secret = made.get_json()["secret"]
    for path in ("/webhooks", f"/webhooks/{made.get_json()['id']}"):
        assert secret not in house.ada.get(path).text
    with services.reading() as connection:
        for table in ("webhook", "idempotency_key"):
            kept = connection.execute(text(f"SELECT to_jsonb(t)::text FROM {table} t")).scalars().all()
            assert kept
            assert not any(secret.removeprefix("whsec_") in row for row in kept)


def test_editing(house: House, receiver: Receiver) -> None:
    made = hook(house, receiver)
    path = f"/webhooks/{made['id']}"
    assert house.ben.get(path).headers["ETag"] == '"1"'
    assert error(house.ben.patch(path, {"enabled": False})) == (403, "forbidden")
    answer = house.ada.patch(path, {"events": ["turn.updated", "turn.updated"]}, headers={"If-Match": '"1"'})
    assert (answer.get_json()["events"], answer.headers["ETag"]) == (["turn.updated"], '"2"')
    stale = house.ada.patch(path, {"enabled": False}, headers={"If-Match": '"1"'})
    assert error(stale) == (412, "stale_version")
    assert stale.get_json()["error"]["webhook"]["version"] == 2
    assert house.ada.patch(path, {"events": ["turn.updated"]}).headers["ETag"] == '"2"'
    assert house.ada.call("DELETE", path, headers={"If-Match": '"1"'}).status_code == 412
    assert house.ada.call("DELETE", path).status_code == 204
    assert error(house.ada.get(path)) == (404, "not_found")


@pytest.mark.parametrize(
    "bad",
    [
        {"url": "ftp://example.com"}, {"url": "https://"}, {"url": "nonsense"}, {"url": "https://a:b@example.com"},
        {"url": "https://example.com/#part"}, {"url": "https://example.com/" + "x" * 2000}, {}, {"url": 1},
        {"url": "https://example.com", "events": []}, {"url": "https://example.com", "events": ["nothing"]},
        {"url": "https://exa mple.com"}, {"url": "https://example.com\x00"}, {"url": "http://[::1"},
    ],
)  # fmt: skip
def test_bad_webhooks(house: House, bad: dict[str, Any]) -> None:
    assert error(house.ada.post("/webhooks", bad)) == (422, "invalid")


def test_a_test_event(house: House, here: Context, receiver: Receiver) -> None:
    made = hook(house, receiver)
    sent = house.ada.post(f"/webhooks/{made['id']}/test")
    assert sent.status_code == 201
    delivering.run(here, made["id"])
    event = Webhook(made["secret"]).verify(receiver.received[0].body, receiver.received[0].headers)
    SENT[event["type"]].model_validate_json(receiver.received[0].body, extra="forbid")
    assert (event["type"], event["data"]["sent_by"]) == ("webhook.test", "Ada")
    assert log_of(house, made, state="delivered")[0]["id"] == sent.get_json()["id"]
    assert log_of(house, made, state="failed") == []


def test_delays_grow_and_vary() -> None:
    plain = [delivering.delay_seconds(failures, 0.5) for failures in range(MOST_FAILURES)]
    assert plain[:4] == [5, 15, 45, 135]
    assert plain == sorted(plain)
    assert 3 * 86_400 < sum(plain) < DISABLED_AFTER_DAYS * 86_400
    assert delivering.delay_seconds(1, 0) < delivering.delay_seconds(1, 1)


def test_another_projects_webhook_is_unknown(house: House, other_house: House, receiver: Receiver) -> None:
    made = hook(house, receiver)
    own = hook(other_house, receiver)
    house.ada.post(f"/webhooks/{made['id']}/test")
    delivery = log_of(house, made)[0]["id"]
    paths = [f"/webhooks/{made['id']}{rest}" for rest in ("", "/deliveries", f"/deliveries/{delivery}")]
    paths.append(f"/webhooks/{own['id']}/deliveries/{delivery}")
    for path in paths:
        assert error(other_house.ada.get(path)) == (404, "not_found")


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


def test_nothing_is_asked_of_those_without_webhooks(app: Flask, house: House, here: Context) -> None:
    house.visit("Hello")
    assert dispatch(here, DeliveryQueue(here.redis)) == 0
    assert Caller(app, house.ada.token).get("/webhooks").get_json() == {"items": [], "next_cursor": None}
