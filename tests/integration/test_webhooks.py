"""Webhooks on a real receiver: signed, of what was asked for, made and edited by managers, their secrets told once."""

from __future__ import annotations

import base64
import hmac
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from standardwebhooks import Webhook, WebhookVerificationError

from inbox import visiting
from inbox.api.event_answers import SENT
from inbox.services import Services
from jobs import delivering
from jobs.context import Context
from jobs.delivery_queue import DeliveryQueue
from jobs.dispatching import dispatch
from tests.integration.callers import Caller, House, error
from tests.integration.webhooking import contents, hook, log_of
from tests.people import writes
from tests.receiver import Receiver


def test_a_project_has_so_many(house: House, other_house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is fed with everything that happens in the project; another project's do not count."""
    monkeypatch.setattr("inbox.webhooks.MOST_ENDPOINTS", 2)
    wanted = {"url": "https://example.com"}
    assert other_house.ada.post("/webhooks", wanted).status_code == 201
    made = [house.ada.post("/webhooks", wanted) for _ in range(3)]
    assert [one.status_code for one in made] == [201, 201, 422]
    assert house.ada.call("DELETE", f"/webhooks/{made[0].get_json()['id']}").status_code == 204
    assert house.ada.post("/webhooks", wanted).status_code == 201


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
    note = house.ada.post(f"/conversations/{at}/messages", {"content": "A note", "private": True}).get_json()
    house.ada.post(f"/conversations/{at}/take-over")
    house.ada.patch(f"/conversations/{at}/messages/{note['id']}", {"content": "Another note"})
    house.ada.call("DELETE", f"/conversations/{at}/messages/{note['id']}")
    delivering.run(here, made["id"])
    for one in receiver.received:
        SENT[one.event["type"]].model_validate_json(one.body, extra="forbid")
    told = [(one.event["type"], one.event["data"]["version"]) for one in receiver.received]
    assert {kind for kind, _ in told} == set(made["events"]) - {"draft.updated"}
    assert {version for _, version in told} == {0, 1, 2, 3, 4, 5, 6}
    with here.engine.begin() as connection:
        changes = connection.execute(text("SELECT count(*) FROM change WHERE position IS NOT NULL")).scalar_one()
    assert changes == 7


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
        abandoned = visiting.start_session(connection, key=house.key, visitor={})
        assert writes(connection, abandoned.token, "Never said").turn_id is not None
        connection.rollback()
    visitor.post("/widget/messages", {"content": "Committed"})
    delivering.run(here, made["id"])
    assert contents(receiver.received) == ["Committed"]


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


def test_another_projects_webhook_is_unknown(house: House, other_house: House, receiver: Receiver) -> None:
    made = hook(house, receiver)
    own = hook(other_house, receiver)
    house.ada.post(f"/webhooks/{made['id']}/test")
    delivery = log_of(house, made)[0]["id"]
    paths = [f"/webhooks/{made['id']}{rest}" for rest in ("", "/deliveries", f"/deliveries/{delivery}")]
    paths.append(f"/webhooks/{own['id']}/deliveries/{delivery}")
    for path in paths:
        assert error(other_house.ada.get(path)) == (404, "not_found")


def test_nothing_is_asked_of_those_without_webhooks(app: Flask, house: House, here: Context) -> None:
    house.visit("Hello")
    assert dispatch(here, DeliveryQueue(here.redis)) == 0
    assert Caller(app, house.ada.token).get("/webhooks").get_json() == {"items": [], "next_cursor": None}
