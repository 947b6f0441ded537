"""Reading and changing a conversation through the API: PATCH, ETags, claims."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.integration.callers import Caller, House, error

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
KEYS = set(
    "id status snoozed_until assignee_id assigned_at priority labels unread_count last_message_snippet "
    "last_message_timestamp metadata custom_attributes responder_state version epoch visitor created_at".split()
)


def shown(caller: Caller, conversation_id: int) -> dict[str, Any]:
    """The conversation as the API gives it."""
    response = caller.get(f"/conversations/{conversation_id}")
    assert response.status_code == 200, response.text
    assert response.headers["ETag"] == f'"{response.get_json()["version"]}"'
    found: dict[str, Any] = response.get_json()
    return found


def test_the_form_of_a_conversation(house: House) -> None:
    visitor = house.visit("Where  is\nmy order?", name="Vera", email="vera@example.com")
    found = shown(house.ada, visitor.conversation_id)
    assert found.keys() >= KEYS
    assert found["last_message_snippet"] == "Where is my order?"
    assert (found["status"], found["priority"], found["responder_state"]) == ("open", "normal", "active")
    assert (found["version"], found["epoch"], found["unread_count"], found["labels"]) == (1, 0, 1, [])
    assert found["metadata"] == {}
    assert found["custom_attributes"] == {}
    assert found["assignee_id"] is found["assigned_at"] is found["snoozed_until"] is None
    assert found["visitor"]["name"] == "Vera"
    message = house.ada.get(f"/conversations/{found['id']}/messages").get_json()["items"][0]
    assert found["last_message_timestamp"] == message["created_at"]
    assert MOMENT.fullmatch(found["created_at"])
    assert MOMENT.fullmatch(found["last_message_timestamp"])


def test_snippet_is_cut(house: House) -> None:
    visitor = house.visit("ä" * 141)
    assert shown(house.ada, visitor.conversation_id)["last_message_snippet"] == "ä" * 139 + "…"


def test_patch_is_one_step(house: House) -> None:
    at = house.visit("Hello").conversation_id
    wanted = {
        "status": "pending",
        "assignee_id": house.ben.id,
        "priority": "high",
        "labels": ["b", "a", "b"],
        "custom_attributes": {"plan": "gold", "old": None, "deep": {"x": None}},
    }
    response = house.ada.patch(f"/conversations/{at}", wanted)
    assert response.status_code == 200
    found = response.get_json()
    assert (found["version"], found["epoch"]) == (2, 1)
    assert response.headers["ETag"] == '"2"'
    assert found["labels"] == ["b", "a"]
    assert found["custom_attributes"] == {"plan": "gold", "deep": {"x": None}}
    assert found["assigned_at"] is not None
    entries = house.ada.get(f"/conversations/{at}/timeline").get_json()["items"]
    assert [e["kind"] for e in entries if e["version"] == 2] == [
        "assigned", "status", "priority", "labels", "custom_attributes",
    ]  # fmt: skip
    assert house.ada.get(f"/conversations/{at}").get_json() == found


def test_patch_that_changes_nothing_adds_nothing(house: House) -> None:
    at = house.visit("Hello").conversation_id
    wanted = {"status": "solved", "labels": ["x"], "custom_attributes": {"a": 1}, "assignee_id": house.ada.id}
    first = house.ada.patch(f"/conversations/{at}", wanted).get_json()
    for again in (wanted, {}, {"custom_attributes": {"b": None}}, {"status": "solved"}):
        response = house.ben.patch(f"/conversations/{at}", again)
        assert response.status_code == 200
        assert response.get_json() == first


def test_custom_attributes_merge_at_the_top(house: House) -> None:
    at = house.visit("Hello").conversation_id
    house.ada.patch(f"/conversations/{at}", {"custom_attributes": {"a": {"x": 1}, "b": 2}})
    found = house.ada.patch(f"/conversations/{at}", {"custom_attributes": {"a": {"y": 2}, "b": None, "c": [None]}})
    assert found.get_json()["custom_attributes"] == {"a": {"y": 2}, "c": [None]}


def test_custom_attributes_have_an_end(house: House) -> None:
    """They go with every row of a list: of a conversation, and of its visitor."""
    at = house.visit("Hello").conversation_id
    visitor = shown(house.ada, at)["visitor"]["id"]
    for path in (f"/conversations/{at}", f"/visitors/{visitor}"):
        half = {"custom_attributes": {"first": "x" * 40_000}}
        assert house.ada.patch(path, half).status_code == 200
        more = house.ada.patch(path, {"custom_attributes": {"second": "x" * 40_000}})
        assert error(more) == (422, "invalid")
        assert list(more.get_json()["error"]["fields"]) == ["custom_attributes"]
        instead = {"custom_attributes": {"first": None, "second": "x" * 40_000}}
        assert list(house.ada.patch(path, instead).get_json()["custom_attributes"]) == ["second"]


def test_snoozing(house: House) -> None:
    at = house.visit("Hello").conversation_id
    found = house.ada.patch(
        f"/conversations/{at}", {"status": "snoozed", "snoozed_until": "2031-01-01T12:00:00.5+02:00"}
    ).get_json()
    assert (found["status"], found["snoozed_until"]) == ("snoozed", "2031-01-01T10:00:00.500000Z")
    found = house.ada.patch(f"/conversations/{at}", {"status": "open"}).get_json()
    assert (found["status"], found["snoozed_until"]) == ("open", None)


def test_if_match(house: House) -> None:
    at = house.visit("Hello").conversation_id
    stale = house.ada.patch(f"/conversations/{at}", {"status": "solved"}, headers={"If-Match": '"0"'})
    assert error(stale) == (412, "stale_version")
    assert stale.get_json()["error"]["conversation"] == shown(house.ada, at)
    for fits, priority in {'"1"': "low", '"7", "2"': "high", "*": "urgent", "4": "normal"}.items():
        response = house.ada.patch(f"/conversations/{at}", {"priority": priority}, headers={"If-Match": fits})
        assert response.status_code == 200, fits
    version = shown(house.ada, at)["version"]
    for never in (
        f'W/"{version}"',
        str(version - 1),
        "garbage",
        '""',
        f'{version}"',
        f'"{version}',
        '"' + "9" * 30 + '"',
    ):
        response = house.ada.patch(f"/conversations/{at}", {"status": "spam"}, headers={"If-Match": never})
        assert error(response) == (412, "stale_version"), never
    assert shown(house.ada, at)["status"] == "open"


def test_if_match_is_stale_even_where_nothing_would_change(house: House) -> None:
    at = house.visit("Hello").conversation_id
    response = house.ada.patch(f"/conversations/{at}", {"status": "open"}, headers={"If-Match": '"0"'})
    assert error(response) == (412, "stale_version")


@pytest.mark.parametrize(
    "bad",
    [
        {"status": "closed"}, {"status": None}, {"status": 1}, {"assignee_id": "1"}, {"assignee_id": 1.0},
        {"assignee_id": True}, {"assignee_id": 0}, {"assignee_id": -1}, {"assignee_id": 2**63}, {"assignee_id": 10**30},
        {"assignee_id": 999_999}, {"priority": "none"}, {"priority": None}, {"labels": "x"}, {"labels": [1]},
        {"labels": [""]}, {"labels": [" "]}, {"labels": ["x" * 65]}, {"labels": [str(n) for n in range(51)]},
        {"labels": ["a\x00"]}, {"labels": None}, {"custom_attributes": []}, {"custom_attributes": None},
        {"custom_attributes": {"a": "\x00"}}, {"custom_attributes": {"a\x00": 1}},
        {"custom_attributes": {"a": "\ud800"}}, {"custom_attributes": {"a": [10**4000]}},
        {"snoozed_until": "tomorrow"}, {"snoozed_until": 1},
        {"snoozed_until": "2031-01-01T10:00:00"}, {"snoozed_until": "0001-01-01T00:00:00+23:59"},
        {"snoozed_until": "9999-12-31T23:59:59-23:59"},
        {"status": "open", "snoozed_until": "2031-01-01T10:00:00Z"},
    ],
)  # fmt: skip
def test_bad_values_change_nothing(house: House, bad: dict[str, Any]) -> None:
    at = house.visit("Hello").conversation_id
    before = shown(house.ada, at)
    response = house.ada.patch(f"/conversations/{at}", bad)
    assert error(response) == (422, "invalid")
    assert response.get_json()["error"]["fields"]
    assert shown(house.ada, at) == before


def test_unknown_fields(house: House) -> None:
    at = house.visit("Hello").conversation_id
    bodies: list[dict[str, Any]] = [{"metadata": {}}, {"version": 7}, {"responder_state": "paused"}]
    for unknown in [*bodies, {"status": "open", "x": 1}, {"status": 3, "x": 1}]:
        assert error(house.ada.patch(f"/conversations/{at}", unknown)) == (422, "unknown_field")
    assert house.ada.patch(f"/conversations/{at}", {"status": "solved", "x\ud800": 1}).status_code == 422


def test_an_assignee_must_be_a_member(house: House, other_house: House) -> None:
    at = house.visit("Hello").conversation_id
    response = house.ada.patch(f"/conversations/{at}", {"assignee_id": other_house.ben.id})
    assert error(response) == (422, "invalid")
    assert list(response.get_json()["error"]["fields"]) == ["assignee_id"]


def test_claim(house: House) -> None:
    at = house.visit("Hello").conversation_id
    first = house.ada.post(f"/conversations/{at}/claim")
    assert first.status_code == 200
    assert first.get_json()["assignee_id"] == house.ada.id
    assert (first.get_json()["version"], first.get_json()["epoch"]) == (2, 1)
    again = house.ada.post(f"/conversations/{at}/claim", {})
    assert again.status_code == 200
    assert again.get_json() == first.get_json()
    late = house.ben.post(f"/conversations/{at}/claim")
    assert error(late) == (409, "stale_claim")
    assert late.get_json()["error"]["owner"] == {"id": house.ada.id, "name": "Ada"}
    assert late.get_json()["error"]["conversation"] == first.get_json()


def test_unassigning(house: House) -> None:
    at = house.visit("Hello").conversation_id
    house.ada.post(f"/conversations/{at}/claim")
    found = house.ben.patch(f"/conversations/{at}", {"assignee_id": None}).get_json()
    assert found["assignee_id"] is found["assigned_at"] is None
    entry = house.ben.get(f"/conversations/{at}/timeline").get_json()["items"][-1]
    assert (entry["kind"], entry["actor"]) == ("unassigned", {"type": "agent", "id": house.ben.id, "name": "Ben"})
    assert entry["data"] == {"from": {"id": house.ada.id, "name": "Ada"}}


def test_reading_is_no_change(house: House) -> None:
    at = house.visit("Hello", "Hello?").conversation_id
    assert shown(house.ada, at)["unread_count"] == 2
    before = shown(house.ada, at)
    response = house.ada.post(f"/conversations/{at}/read")
    assert response.status_code == 200
    assert response.get_json() == {**before, "unread_count": 0}
