"""What a receiver does wrong: asked later, given up or switched off; never followed elsewhere, never read for long."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from inbox.services import Services
from inbox.settings import Settings
from jobs import context, delivering
from jobs.context import Context
from jobs.delivering import DISABLED_AFTER_DAYS, MOST_FAILURES
from jobs.delivery_queue import DeliveryQueue
from jobs.dispatching import dispatch
from tests.integration.callers import House
from tests.integration.webhooking import MESSAGES, contents, due_now, hook, log_of
from tests.receiver import Answer, Receiver


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


def test_delays_grow_and_vary() -> None:
    plain = [delivering.delay_seconds(failures, 0.5) for failures in range(MOST_FAILURES)]
    assert plain[:4] == [5, 15, 45, 135]
    assert plain == sorted(plain)
    assert 3 * 86_400 < sum(plain) < DISABLED_AFTER_DAYS * 86_400
    assert delivering.delay_seconds(1, 0) < delivering.delay_seconds(1, 1)
