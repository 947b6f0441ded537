"""Parked replies: listed, sent as they are or edited, discarded, and closed once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import text

from inbox.services import Services
from tests.integration.callers import Caller, House, error

PARK = text(
    """
WITH t AS (
    UPDATE turn SET status = 'parked', reason = 'person_replied', ended_at = now() WHERE conversation_id = :conversation
    RETURNING *)
INSERT INTO draft (project_id, conversation_id, turn_id, content, reason, position, position_from)
SELECT project_id, conversation_id, id, E'Your order\\nis on its way.', 'person_replied', CAST(:position AS jsonb),
    CAST(:position_from AS jsonb)
FROM t RETURNING id
"""
)


def park(services: Services, conversation_id: int, position: Any = None, position_from: Any = None) -> str:
    """End the conversation's turn with a draft; returns the draft's address."""
    values = {"position": position, "position_from": position_from}
    as_json = {name: None if value is None else json.dumps(value) for name, value in values.items()}
    with services.database.begin() as connection:
        draft_id = connection.execute(PARK, {"conversation": conversation_id, **as_json}).scalar_one()
    return f"/conversations/{conversation_id}/drafts/{draft_id}"


def conversation(caller: Caller, conversation_id: int) -> dict[str, Any]:
    found: dict[str, Any] = caller.get(f"/conversations/{conversation_id}").get_json()
    return found


def draft(caller: Caller, conversation_id: int) -> dict[str, Any]:
    found: dict[str, Any] = caller.get(f"/conversations/{conversation_id}/drafts").get_json()["items"][0]
    return found


def test_sending(house: House, services: Services) -> None:
    at = house.visit("Hello").conversation_id
    house.ada.post(f"/conversations/{at}/take-over")
    path = park(services, at)
    listed = draft(house.ada, at)
    assert listed.keys() >= {"id", "turn_id", "content", "reason", "state", "position_applied", "created_at"}
    assert (listed["state"], listed["position_applied"], listed["reason"]) == ("open", None, "person_replied")
    before = conversation(house.ada, at)
    response = house.ben.post(f"{path}/send")
    assert response.status_code == 201
    message = response.get_json()
    assert (message["author"], message["turn_id"], message["sent_by"]) == ("responder", listed["turn_id"], house.ben.id)
    assert message["content"] == "Your order\nis on its way."
    after = conversation(house.ada, at)
    assert (after["version"], after["epoch"]) == (before["version"] + 1, before["epoch"] + 1)
    assert after["responder_state"] == "paused"
    assert after["last_message_snippet"] == "Your order is on its way."
    assert after["last_message_timestamp"] == message["created_at"]
    assert draft(house.ada, at)["state"] == "sent"
    entry = house.ada.get(f"/conversations/{at}/timeline").get_json()["items"][-1]
    assert (entry["kind"], entry["actor"]["id"], entry["version"]) == ("message", house.ben.id, after["version"])
    assert entry["text"] == "Ben sent the AI’s parked reply"


def test_editing(house: House, services: Services) -> None:
    at = house.visit("Hello").conversation_id
    path = park(services, at)
    assert error(house.ada.post(f"{path}/send", {"content": ""})) == (422, "invalid")
    assert error(house.ada.post(f"{path}/send", {"text": "x"})) == (422, "unknown_field")
    assert house.ada.post(f"{path}/send", {"content": "Better words"}).get_json()["content"] == "Better words"
    assert conversation(house.ada, at)["last_message_snippet"] == "Better words"


@pytest.mark.parametrize("first", ["send", "discard"])
def test_closed_once(house: House, services: Services, first: str) -> None:
    at = house.visit("Hello").conversation_id
    path = park(services, at)
    assert house.ada.post(f"{path}/{first}").status_code in {200, 201}
    before = conversation(house.ada, at)
    for again in ("send", "discard"):
        assert error(house.ben.post(f"{path}/{again}")) == (409, "draft_closed")
    assert conversation(house.ada, at) == before


def test_discarding(house: House, services: Services) -> None:
    at = house.visit("Hello").conversation_id
    path = park(services, at)
    response = house.ada.post(f"{path}/discard")
    assert (response.status_code, response.get_json()["state"]) == (200, "discarded")
    after = conversation(house.ada, at)
    assert (after["version"], after["epoch"], after["last_message_snippet"]) == (2, 1, "Hello")
    entry = house.ada.get(f"/conversations/{at}/timeline").get_json()["items"][-1]
    assert (entry["version"], entry["text"]) == (2, "Ada discarded the AI’s parked reply")


STAND = {"currentNodeId": "a", "workflowVersion": 1}
NEXT = {"currentNodeId": "b", "workflowVersion": 1}


@pytest.mark.parametrize(
    ("stands", "started", "applied"),
    [({}, None, True), (STAND, STAND, True), ({}, STAND, False), (STAND, None, False), (NEXT, STAND, False)],
)
def test_the_position_goes_with_it_where_it_still_fits(
    house: House, services: Services, stands: dict[str, Any], started: dict[str, Any] | None, applied: bool
) -> None:
    at = house.visit("Hello").conversation_id
    metadata = {"crm": 1, **({"workflowState": stands} if stands else {})}
    with services.database.begin() as connection:
        connection.execute(text("UPDATE conversation SET metadata = :m"), {"m": json.dumps(metadata)})
    path = park(services, at, NEXT, started)
    assert house.ada.post(f"{path}/send").status_code == 201
    assert draft(house.ada, at)["position_applied"] is applied
    assert conversation(house.ada, at)["metadata"] == ({"crm": 1, "workflowState": NEXT} if applied else metadata)


def test_a_draft_of_another_conversation(house: House, other_house: House, services: Services) -> None:
    at, elsewhere = house.visit("Hello").conversation_id, house.visit("Hi").conversation_id
    number = park(services, elsewhere).rpartition("/")[2]
    foreign_at = other_house.visit("Hello").conversation_id
    foreign = park(services, foreign_at)
    for path in (f"/conversations/{at}/drafts/{number}", foreign, f"/conversations/{at}/drafts/{foreign[-1]}"):
        for act in ("send", "discard"):
            assert error(house.ada.post(f"{path}/{act}")) == (404, "not_found")
    assert draft(house.ada, elsewhere)["state"] == draft(other_house.ada, foreign_at)["state"] == "open"


def test_sending_once_with_a_key(house: House, services: Services) -> None:
    at = house.visit("Hello").conversation_id
    path = park(services, at)
    first, again = (house.ada.post(f"{path}/send", headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (again.status_code, again.get_json()) == (201, first.get_json())
