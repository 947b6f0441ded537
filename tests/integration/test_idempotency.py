"""Idempotency-Key: the same request again gets the same answer, and its act happens once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from inbox import attachments, idempotency, receiving
from inbox.idempotency import Asked
from inbox.receiving import Coming, Said
from inbox.services import Services
from inbox.visiting import Visit
from tests.background import Background
from tests.conftest import ListQueue
from tests.integration.callers import Caller, House, error
from tests.locks import until_waiting

KEY = {"Idempotency-Key": "8e03978e-40d5-43dd-bc93-6894a57f9324"}


def nobody_here(_visit: Visit) -> bool:
    return False


def test_a_message_is_written_once(house: House, turn_queue: ListQueue) -> None:
    visitor = house.visit()
    first = visitor.post("/widget/messages", {"content": "Once"}, headers=KEY)
    assert first.status_code == 201
    assert "Idempotency-Replayed" not in first.headers
    again = visitor.post("/widget/messages", {"content": "Once"}, headers=KEY)
    assert (again.status_code, again.data) == (201, first.data), "byte for byte"
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(visitor.get("/widget/messages").get_json()["items"]) == 1
    assert len(turn_queue.turns) == 1
    assert error(visitor.post("/widget/messages", {"content": "Other"}, headers=KEY)) == (422, "idempotency_conflict")


def test_scope_is_token_and_route(house: House, other_house: House) -> None:
    """Who uses the same key for the same words is told their own answer, also when they ask again, and no other's."""
    visitor, stranger = house.visit(), other_house.visit()
    path = f"/conversations/{visitor.conversation_id}/messages"
    asked = [
        (visitor, "/widget/messages"), (house.visit(), "/widget/messages"), (stranger, "/widget/messages"),
        (house.ada, path), (house.ben, path),
        (other_house.ada, f"/conversations/{stranger.conversation_id}/messages"),
    ]  # fmt: skip
    answers = [caller.post(at, {"content": "x"}, headers=KEY) for caller, at in asked]
    assert [a.status_code for a in answers] == [201] * 6
    assert not any("Idempotency-Replayed" in a.headers for a in answers)
    assert len({a.get_json()["id"] for a in answers}) == 6
    again = [caller.post(at, {"content": "x"}, headers=KEY) for caller, at in reversed(asked)]
    assert [a.headers["Idempotency-Replayed"] for a in again] == ["true"] * 6
    assert [a.data for a in reversed(again)] == [a.data for a in answers]


def test_a_failed_request_keeps_nothing(house: House) -> None:
    visitor = house.visit()
    assert error(visitor.post("/widget/messages", {"content": ""}, headers=KEY)) == (422, "invalid")
    assert visitor.post("/widget/messages", {"content": "Now"}, headers=KEY).status_code == 201
    assert error(house.ada.post("/conversations/999/messages", {"content": "x"}, headers=KEY)) == (404, "not_found")


def test_a_session_is_told_its_token_twice_and_it_is_stored_nowhere(house: House, services: Services) -> None:
    stranger = Caller(house.app)
    first = stranger.post("/widget/sessions", {"project_key": house.key}, headers=KEY)
    again = stranger.post("/widget/sessions", {"project_key": house.key}, headers=KEY)
    assert again.get_json() == first.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    token = first.get_json()["token"]
    assert Caller(house.app, token).get("/widget/messages").status_code == 200
    with services.reading() as connection:
        kept = connection.execute(text("SELECT scope, key, body::text FROM idempotency_key")).one()
    assert not any(token in column for column in kept)
    elsewhere = stranger.post(
        "/widget/sessions", {"project_key": house.key}, headers=KEY, environ_base={"REMOTE_ADDR": "192.0.2.7"}
    )
    assert elsewhere.get_json()["conversation_id"] != first.get_json()["conversation_id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_keys_that_are_none(house: House, key: str) -> None:
    response = house.visit().post("/widget/messages", {"content": "x"}, headers={"Idempotency-Key": key})
    assert error(response) == (422, "invalid")


def test_a_key_is_forgotten_after_a_day(house: House, services: Services) -> None:
    visitor = house.visit()
    visitor.post("/widget/messages", {"content": "x"}, headers=KEY)
    with services.database.begin() as connection:
        connection.execute(text("UPDATE idempotency_key SET created_at = created_at - interval '25 hours'"))
    response = visitor.post("/widget/messages", {"content": "y"}, headers=KEY)
    assert response.status_code == 201
    assert "Idempotency-Replayed" not in response.headers
    with services.database.begin() as connection:
        connection.execute(text("UPDATE idempotency_key SET created_at = created_at - interval '23 hours'"))
    again = visitor.post("/widget/messages", {"content": "y"}, headers=KEY)
    assert ("Idempotency-Replayed" in again.headers, again.data) == (True, response.data), "not what was forgotten"


def test_the_second_waits_for_the_first(
    house: House, services: Services, in_background: Callable[..., Background]
) -> None:
    visitor = house.visit()
    with services.database.connect() as holder:
        holder.execute(text("SELECT 1 FROM conversation WHERE id = :id FOR UPDATE"), {"id": visitor.conversation_id})
        sent = [
            in_background(lambda: visitor.post("/widget/messages", {"content": "Once"}, headers=KEY)) for _ in range(2)
        ]
        until_waiting(services, 2)
        holder.rollback()
    first, second = (one.result() for one in sent)
    assert first.status_code == second.status_code == 201
    assert first.get_json() == second.get_json()
    assert len(visitor.get("/widget/messages").get_json()["items"]) == 1


def test_the_second_does_not_wait_for_ever(
    house: House, services: Services, in_background: Callable[..., Background], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "WAIT_MS", 50)
    visitor = house.visit()
    with services.database.connect() as holder:
        holder.execute(text("SELECT 1 FROM conversation WHERE id = :id FOR UPDATE"), {"id": visitor.conversation_id})
        first = in_background(lambda: visitor.post("/widget/messages", {"content": "Once"}, headers=KEY))
        until_waiting(services, 1)
        second = in_background(lambda: visitor.post("/widget/messages", {"content": "Once"}, headers=KEY))
        assert error(second.result()) == (409, "idempotency_in_flight")
        holder.rollback()
    assert first.result().status_code == 201


def test_whoever_has_waited_for_a_key_waits_for_the_conversation_without_a_limit(
    house: House, services: Services, in_background: Callable[..., Background]
) -> None:
    coming = Coming(house.visit().token or "", Said("Once"), Asked("widget", "a key", b"hash"))

    def send() -> str:
        with services.database.begin() as connection:
            sent = receiving.receive(connection, coming, nobody_here)
            assert not sent.replayed
            return str(connection.execute(text("SHOW lock_timeout")).scalar_one())

    with services.database.connect() as first:
        first.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('widget a key', 0))"))
        second = in_background(send)
        until_waiting(services, 1)
        first.rollback()
    assert second.result() == "0"


def test_whoever_sends_no_key_waits_for_no_other_conversation(
    house: House, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "WAIT_MS", 50)
    here, there = (house.visit().token or "" for _ in range(2))
    with services.database.begin() as first, services.database.begin() as second:
        second.execute(text("SET LOCAL lock_timeout = '1s'"))
        receiving.receive(first, Coming(here, Said("Hello")), nobody_here)
        assert not receiving.receive(second, Coming(there, Said("Hello")), nobody_here).replayed
    with services.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM idempotency_key")).scalar_one() == 0


@pytest.mark.parametrize("its_files_are_looked_at", ["first", "last"])
def test_the_second_is_told_of_the_first_that_took_its_files_meanwhile(
    house: House, monkeypatch: pytest.MonkeyPatch, its_files_are_looked_at: str
) -> None:
    visitor = house.visit()
    file = visitor.call("POST", "/widget/attachments?name=a.txt", data=b"words", content_type="text/plain").get_json()
    message = {"content": "Once", "attachment_ids": [file["id"]]}
    first = []

    def said(*given: Any) -> Any:
        monkeypatch.setattr(receiving, "said", attachments.said)
        looked_at = attachments.said(*given) if its_files_are_looked_at == "first" else None
        first.append(visitor.post("/widget/messages", message, headers=KEY))
        return looked_at or attachments.said(*given)

    monkeypatch.setattr(receiving, "said", said)
    second = visitor.post("/widget/messages", message, headers=KEY)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.get_json() == first[0].get_json()
