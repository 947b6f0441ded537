"""A webhook whose server keeps failing is left alone for a while, ever longer, until something arrives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from inbox.services import Services
from jobs import delivering
from jobs.context import Context
from jobs.delivering import FIRST_REST_SECONDS, LANES, RESTS_AFTER
from jobs.delivery_queue import DeliveryQueue
from jobs.dispatching import dispatch
from tests.integration.callers import Caller, House
from tests.integration.reader import Reader
from tests.receiver import Answer, Receiver

CONVERSATIONS = 20
LEFT = text("SELECT extract(epoch FROM rests_until - clock_timestamp()) FROM webhook WHERE id = :webhook")
OVER = text("UPDATE webhook SET rests_until = clock_timestamp() WHERE id = :webhook")
DUE = text("UPDATE webhook_delivery SET due_at = clock_timestamp()")


@pytest.fixture
def failing(house: House, here: Context, receiver: Receiver) -> dict[str, Any]:
    """A webhook that rests: its server refused the first events of several conversations."""
    made = house.ada.post("/webhooks", {"url": receiver.url, "events": ["message.created"]}).get_json()
    receiver.answer = lambda _: Answer(503)
    for number in range(CONVERSATIONS):
        house.visit(f"Hello {number}")
    delivering.run(here, made["id"])
    return dict(made)


def rest(services: Services, webhook: dict[str, Any]) -> float:
    """How many seconds it is left alone still."""
    with services.reading() as connection:
        return float(connection.execute(LEFT, {"webhook": webhook["id"]}).scalar_one() or 0)


def over(services: Services, webhook: dict[str, Any]) -> None:
    """As if its rest were over."""
    with services.database.begin() as connection:
        connection.execute(OVER, {"webhook": webhook["id"]})


def test_it_is_left_alone_and_then_asked_with_one(
    failing: dict[str, Any], here: Context, receiver: Receiver, services: Services
) -> None:
    assert RESTS_AFTER <= len(receiver.received) < RESTS_AFTER + LANES, "not every conversation tried it"
    assert 0 < rest(services, failing) <= FIRST_REST_SECONDS, "however many were on their way"
    assert dispatch(here, DeliveryQueue(here.redis)) == 0, "no worker looks at it meanwhile"
    many, before = len(receiver.received), rest(services, failing)
    delivering.run(here, failing["id"])
    assert len(receiver.received) == many
    over(services, failing)
    assert dispatch(here, DeliveryQueue(here.redis)) == 1
    delivering.run(here, failing["id"])
    assert len(receiver.received) == many + 1, "one, which shows that it is still not well"
    assert rest(services, failing) > before
    receiver.answer = lambda _: Answer()
    over(services, failing)
    with services.database.begin() as connection:
        connection.execute(DUE)
    delivering.run(here, failing["id"])
    assert len({one.id for one in receiver.received}) == CONVERSATIONS
    assert len(receiver.received) == many + 1 + CONVERSATIONS, "one arrived, and all others behind it"
    assert rest(services, failing) == 0


def test_who_asks_for_an_attempt_does_not_wait(
    failing: dict[str, Any], house: House, here: Context, receiver: Receiver
) -> None:
    """A test event goes first and at once; so does one that is sent once more."""
    assert house.ada.get(f"/webhooks/{failing['id']}").get_json()["rests_until"]
    many = len(receiver.received)
    house.ada.post(f"/webhooks/{failing['id']}/test")
    delivering.run(here, failing["id"])
    assert "webhook.test" in {one.event["type"] for one in receiver.received[many:]}
    log = house.ada.get(f"/webhooks/{failing['id']}/deliveries").get_json()["items"]
    tried = next(one for one in log if one["tries"] and one["kind"] != "webhook.test")
    many = len(receiver.received)
    house.ada.post(f"/webhooks/{failing['id']}/deliveries/{tried['id']}/replay")
    delivering.run(here, failing["id"])
    assert tried["event_id"] in {one.id for one in receiver.received[many:]}


def test_managers_see_that_one_was_switched_off(
    house: House, here: Context, receiver: Receiver, sit: Callable[[Caller], Reader]
) -> None:
    """In the inbox until put away, on the gear, on the tab, in the audit log; who cannot put it right is not told."""
    made = house.ada.post("/webhooks", {"url": receiver.url}).get_json()
    ada, ben = sit(house.ada), sit(house.ben)
    assert "wants a look" not in ada.open("/")
    receiver.answer = lambda _: Answer(410)
    house.visit("Hello")
    delivering.run(here, made["id"])
    for path in ("/", "/settings"):
        assert "wants a look" in ada.open(path)
        assert "wants a look" not in ben.open(path)
    entry = house.ada.get("/audit").get_json()["items"][0]
    assert (entry["kind"], entry["actor"], entry["subject"]) == ("webhook_switched_off", None, receiver.url)
    told = "A webhook was switched off."
    for path in ("/", "/parts/views"):
        assert told in ada.open(path)
        assert told not in ben.open(path)
    ada.open("/")
    put_away = f"/notices/{entry['id']}/dismiss"
    from_nowhere = {"Referer": "https://[what is no address"}
    assert ada.client.post(put_away, data=ada.forms[put_away], headers=from_nowhere).headers["Location"] == "/"
    assert told not in ada.open("/")
    assert "wants a look" in ada.open("/"), "until it is put right"
    page = f"/settings/webhooks/{made['id']}"
    ada.open(page)
    ada.send(page, to=f"{page}/test")
    assert "It waits until this webhook is switched on again." in ada.open(page)
    house.ada.patch(f"/webhooks/{made['id']}", {"enabled": True})
    assert "wants a look" not in ada.open("/")
    house.ada.post(f"/webhooks/{made['id']}/test")
    delivering.run(here, made["id"])
    assert told in ada.open("/"), "off once more"
    house.ada.patch(f"/webhooks/{made['id']}", {"enabled": True})
    assert told not in ada.open("/")
