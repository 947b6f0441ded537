"""What visitors do through the API: sessions, messages, and when a message starts a turn."""

from __future__ import annotations

from typing import Any

import pytest
from redis import Redis
from sqlalchemy import text

from inbox.presence import Presence
from inbox.services import Services
from tests.conftest import ListQueue
from tests.integration.callers import Caller, House, error


def conversation(house: House, visitor: Caller) -> dict[str, Any]:
    found: dict[str, Any] = house.ada.get(f"/conversations/{visitor.conversation_id}").get_json()
    return found


def test_a_session(house: House) -> None:
    response = Caller(house.app).post("/widget/sessions", {"project_key": house.key})
    assert response.status_code == 201
    assert response.get_json().keys() == {"token", "conversation_id"}
    visitor = Caller(house.app, response.get_json()["token"], conversation_id=response.get_json()["conversation_id"])
    found = conversation(house, visitor)
    assert (found["status"], found["version"], found["last_message_timestamp"]) == ("open", 0, None)
    assert visitor.get("/widget/messages").get_json() == {"items": [], "next_cursor": None}


def test_a_session_of_nobody(house: House) -> None:
    """A page that knows nobody says null, or nothing."""
    ways: list[dict[str, Any]] = [{}, {"visitor": None}, {"visitor": {}}, {"visitor": {"name": None, "identity": None}}]
    for nobody in ways:
        response = Caller(house.app).post("/widget/sessions", {"project_key": house.key, **nobody})
        assert response.status_code == 201, nobody


def test_what_visitors_say_of_themselves_joins_nobody(house: House) -> None:
    said = {"external_id": "customer-7", "email": "vera@example.com", "name": "Vera"}
    first, second = house.visit("Mine", **said), house.visit(**said)
    assert first.conversation_id != second.conversation_id
    assert conversation(house, first)["visitor"]["id"] != conversation(house, second)["visitor"]["id"]
    assert second.get("/widget/messages").get_json()["items"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "invalid"),
        ({"project_key": 5}, "invalid"),
        ({"project_key": "a\x00"}, "invalid"),
        ({"project_key": "KEY", "visitor": []}, "invalid"),
        ({"project_key": "KEY", "visitor": {"name": "\ud800"}}, "invalid"),
        ({"project_key": "KEY", "visitor": {"name": "x" * 1000}}, "invalid"),
        ({"project_key": "KEY", "visitor": {"verified": True}}, "unknown_field"),
        ({"project_key": "KEY", "project_id": 1}, "unknown_field"),
    ],
)
def test_bad_sessions(house: House, body: dict[str, Any], code: str) -> None:
    body = {name: house.key if value == "KEY" else value for name, value in body.items()}
    assert error(Caller(house.app).post("/widget/sessions", body)) == (422, code)


def test_an_unknown_key(house: House) -> None:
    assert error(Caller(house.app).post("/widget/sessions", {"project_key": "nope"})) == (404, "not_found")


def test_a_message(house: House, turn_queue: ListQueue) -> None:
    visitor = house.visit(name="Vera")
    response = visitor.post("/widget/messages", {"content": "Where is my order?"})
    assert response.status_code == 201
    message = response.get_json()
    assert (message["author"], message["author_name"], message["private"]) == ("visitor", "Vera", False)
    assert (message["content"], message["turn_id"]) == ("Where is my order?", None)
    found = conversation(house, visitor)
    assert (found["version"], found["epoch"], found["unread_count"]) == (1, 0, 1)
    assert len(turn_queue.turns) == 1
    visitor.post("/widget/messages", {"content": "Hello?"})
    assert len(turn_queue.turns) == 1


def test_a_visitor_sees_what_is_public(house: House) -> None:
    visitor = house.visit("One", "Two")
    path = f"/conversations/{visitor.conversation_id}/messages"
    house.ada.post(path, {"content": "secret", "private": True})
    reply = house.ada.post(path, {"content": "Three"}).get_json()
    items = visitor.get("/widget/messages").get_json()["items"]
    assert [m["content"] for m in items] == ["One", "Two", "Three"]
    assert [m["id"] for m in items] == sorted(m["id"] for m in items)
    after = visitor.get(f"/widget/messages?after={items[1]['id']}&limit=1").get_json()
    assert [m["id"] for m in after["items"]] == [reply["id"]]
    for bad in ("after=x", "limit=0", "limit=201", "status=open"):
        assert error(visitor.get(f"/widget/messages?{bad}")) == (422, "invalid")


def test_tokens_open_one_door_only(house: House) -> None:
    visitor = house.visit("Hi")
    assert error(visitor.get("/conversations")) == (401, "unauthorized")
    assert error(house.ada.get("/widget/messages")) == (401, "unauthorized")
    for header in ("", "Bearer", "Bearer ", "Bearer nope", f"Basic {visitor.token}", str(visitor.token)):
        response = Caller(house.app).get("/widget/messages", headers={"Authorization": header})
        assert error(response) == (401, "unauthorized"), header


@pytest.mark.parametrize(
    ("status", "after", "starts"),
    [
        ("open", "open", True),
        ("pending", "pending", True),
        ("solved", "open", True),
        ("snoozed", "open", True),
        ("spam", "spam", False),
    ],
)
def test_reopening(house: House, turn_queue: ListQueue, status: str, after: str, starts: bool) -> None:
    visitor = house.visit()
    until = {"snoozed_until": "2031-01-01T00:00:00Z"} if status == "snoozed" else {}
    house.ada.patch(f"/conversations/{visitor.conversation_id}", {"status": status, **until})
    assert visitor.post("/widget/messages", {"content": "Again"}).status_code == 201
    found = conversation(house, visitor)
    assert (found["status"], found["snoozed_until"]) == (after, None)
    assert bool(turn_queue.turns) is starts
    entries = house.ada.get(f"/conversations/{visitor.conversation_id}/timeline").get_json()["items"]
    kinds = [entry["kind"] for entry in entries if entry["version"] == found["version"]]
    assert kinds == (["message", "reopened"] if after != status else ["message"])


@pytest.mark.parametrize("state", ["paused", "handed_off"])
def test_no_turn_where_people_have_it(house: House, services: Services, turn_queue: ListQueue, state: str) -> None:
    visitor = house.visit()
    with services.database.begin() as connection:
        connection.execute(text("UPDATE conversation SET responder_state = :state"), {"state": state})
    assert visitor.post("/widget/messages", {"content": "Hello"}).status_code == 201
    assert turn_queue.turns == []


def test_no_turn_where_the_responder_is_off(house: House, turn_queue: ListQueue) -> None:
    house.ada.patch("/project", {"responder_enabled": False})
    house.visit("Hello")
    assert turn_queue.turns == []


def test_unassigned_only(house: House, turn_queue: ListQueue) -> None:
    house.ada.patch("/project", {"answers_when": "unassigned"})
    visitor = house.visit()
    house.ada.post(f"/conversations/{visitor.conversation_id}/claim")
    visitor.post("/widget/messages", {"content": "Hello"})
    assert turn_queue.turns == []
    house.visit("Hello")
    assert len(turn_queue.turns) == 1


def test_only_while_no_agent_is_here(house: House, turn_queue: ListQueue, redis_url: str) -> None:
    house.ada.patch("/project", {"answers_when": "no_agent_online"})
    presence = Presence(Redis.from_url(redis_url))
    presence.beat(house.project_id + 1, house.ben.id)
    house.visit("Hello")
    assert len(turn_queue.turns) == 1
    presence.beat(house.project_id, house.ben.id)
    house.visit("Hello")
    assert len(turn_queue.turns) == 1


def test_without_redis_nobody_is_here() -> None:
    presence = Presence(Redis.from_url("redis://127.0.0.1:1"))
    presence.beat(1, 1)
    assert presence.here(1) == set()


def test_whoever_has_no_token_hears_of_nothing_else(house: House) -> None:
    stranger = Caller(house.app, "none")
    for body in ({"content": ""}, {"content": "x", "unknown": 1}, {"content": "x", "attachment_ids": [1]}):
        assert error(stranger.post("/widget/messages", body, headers={"Idempotency-Key": ""})) == (401, "unauthorized")
    assert error(house.visit().post("/widget/messages", {"content": "x", "attachment_ids": [1]})) == (422, "invalid")
