"""What agents do in a conversation: reply, note, take over, give back, stop, move the workflow."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from inbox.services import Services
from tests.conftest import ListQueue
from tests.integration.callers import Caller, House, error


def conversation(caller: Caller, conversation_id: int) -> dict[str, Any]:
    found: dict[str, Any] = caller.get(f"/conversations/{conversation_id}").get_json()
    return found


def kinds(caller: Caller, conversation_id: int, version: int | None = None) -> list[str]:
    entries = caller.get(f"/conversations/{conversation_id}/timeline").get_json()["items"]
    return [entry["kind"] for entry in entries if version in (None, entry["version"])]


def turns(caller: Caller, conversation_id: int) -> list[tuple[str, str | None]]:
    items = caller.get(f"/conversations/{conversation_id}/turns").get_json()["items"]
    return [(turn["status"], turn["reason"]) for turn in items]


def set_turn(services: Services, **columns: str) -> None:
    sets = ", ".join(f"{name} = :{name}" for name in columns)
    with services.database.begin() as connection:
        connection.execute(text(f"UPDATE turn SET {sets}"), columns)


def test_a_reply_pauses_the_responder(house: House) -> None:
    at = house.visit("Hello").conversation_id
    response = house.ada.post(f"/conversations/{at}/messages", {"content": "Hi, this is Ada."})
    assert response.status_code == 201
    message = response.get_json()
    assert message.keys() >= set(
        "id conversation_id author author_id author_name content private turn_id created_at".split()
    )
    assert (message["author"], message["author_id"], message["author_name"]) == ("agent", house.ada.id, "Ada")
    assert (message["private"], message["turn_id"], message["conversation_id"]) == (False, None, at)
    found = conversation(house.ada, at)
    assert (found["responder_state"], found["version"], found["epoch"]) == ("paused", 2, 1)
    assert found["last_message_snippet"] == "Hi, this is Ada."
    assert found["last_message_timestamp"] == message["created_at"]
    assert found["assignee_id"] is None
    assert turns(house.ada, at) == [("cancelled", "taken_over")]
    assert kinds(house.ada, at, 2) == ["message", "taken_over"]
    house.ada.post(f"/conversations/{at}/messages", {"content": "And more."})
    assert kinds(house.ada, at, 3) == ["message"]


@pytest.mark.parametrize("end", ["messages", "take-over", "stop"])
def test_a_turn_that_ends_before_its_claim_says_whose_words_it_had(house: House, end: str) -> None:
    """No message of the visitor's is without a turn that says what became of it (I2)."""
    visitor = house.visit("Hello", "Are you there?")
    at = visitor.conversation_id
    asked = [one["id"] for one in visitor.get("/widget/messages").get_json()["items"]]
    (turn,) = house.ada.get(f"/conversations/{at}/turns").get_json()["items"]
    path = f"turns/{turn['id']}/stop" if end == "stop" else end
    body = {"content": "I am."} if end == "messages" else None
    assert house.ada.post(f"/conversations/{at}/{path}", body).status_code in {200, 201}
    (ended,) = house.ada.get(f"/conversations/{at}/turns").get_json()["items"]
    assert (ended["status"], ended["answers"]) == ("cancelled", asked)


def test_a_note_leaves_the_responder_alone(house: House) -> None:
    at = house.visit("Hello").conversation_id
    before = conversation(house.ada, at)
    response = house.ada.post(f"/conversations/{at}/messages", {"content": "Careful", "private": True})
    assert response.status_code == 201
    assert response.get_json()["private"] is True
    after = conversation(house.ada, at)
    assert after == before | {"version": 2, "epoch": 1}
    assert turns(house.ada, at) == [("queued", None)]
    assert kinds(house.ada, at, 2) == ["note"]


def test_a_thinking_turn_is_not_cancelled_by_a_reply(house: House, services: Services) -> None:
    at = house.visit("Hello").conversation_id
    set_turn(services, status="thinking")
    house.ada.post(f"/conversations/{at}/messages", {"content": "Me first"})
    assert turns(house.ada, at) == [("thinking", None)]


@pytest.mark.parametrize("state", ["active", "handed_off"])
def test_taking_over(house: House, services: Services, state: str) -> None:
    at = house.visit("Hello").conversation_id
    with services.database.begin() as connection:
        connection.execute(text("UPDATE conversation SET responder_state = :state"), {"state": state})
    response = house.ada.post(f"/conversations/{at}/take-over")
    assert response.status_code == 200
    found = response.get_json()
    assert (found["responder_state"], found["version"], found["epoch"]) == ("paused", 2, 1)
    assert turns(house.ada, at) == [("cancelled", "taken_over")]
    assert kinds(house.ada, at, 2) == ["taken_over"]
    again = house.ben.post(f"/conversations/{at}/take-over")
    assert (again.status_code, again.get_json()) == (200, found)


def test_claims_assignments_and_notes_never_pause(house: House) -> None:
    at = house.visit("Hello").conversation_id
    house.ada.post(f"/conversations/{at}/claim")
    house.ada.patch(f"/conversations/{at}", {"assignee_id": house.ben.id, "status": "pending"})
    house.ada.post(f"/conversations/{at}/messages", {"content": "note", "private": True})
    assert conversation(house.ada, at)["responder_state"] == "active"
    assert turns(house.ada, at) == [("queued", None)]


def test_giving_back_starts_a_turn(house: House, turn_queue: ListQueue) -> None:
    visitor = house.visit("Hello")
    at = visitor.conversation_id
    house.ada.post(f"/conversations/{at}/take-over")
    visitor.post("/widget/messages", {"content": "Anybody?"})
    assert len(turn_queue.turns) == 1
    found = house.ada.post(f"/conversations/{at}/give-back")
    assert found.status_code == 200
    assert (found.get_json()["responder_state"], found.get_json()["version"]) == ("active", 4)
    assert turns(house.ada, at) == [("queued", None), ("cancelled", "taken_over")]
    assert len(turn_queue.turns) == 2
    assert kinds(house.ada, at, 4) == ["given_back"]
    again = house.ada.post(f"/conversations/{at}/give-back")
    assert (again.status_code, again.get_json()) == (200, found.get_json())
    assert len(turn_queue.turns) == 2


def test_giving_back_after_ones_own_reply_starts_none(house: House, turn_queue: ListQueue) -> None:
    at = house.visit("Hello").conversation_id
    house.ada.post(f"/conversations/{at}/messages", {"content": "Done."})
    house.ada.post(f"/conversations/{at}/messages", {"content": "a note", "private": True})
    house.ada.post(f"/conversations/{at}/give-back")
    assert conversation(house.ada, at)["responder_state"] == "active"
    assert len(turn_queue.turns) == 1


def test_giving_back_meets_a_thinking_turn(house: House, services: Services, turn_queue: ListQueue) -> None:
    at = house.visit("Hello").conversation_id
    set_turn(services, status="thinking")
    house.ada.post(f"/conversations/{at}/take-over")
    house.ada.post(f"/conversations/{at}/give-back")
    assert turns(house.ada, at) == [("thinking", None)]
    assert len(turn_queue.turns) == 1


@pytest.mark.parametrize("status", ["queued", "thinking"])
def test_stopping_a_turn(house: House, services: Services, status: str) -> None:
    at = house.visit("Hello").conversation_id
    set_turn(services, status=status)
    turn_id = house.ada.get(f"/conversations/{at}/turns").get_json()["items"][0]["id"]
    response = house.ada.post(f"/conversations/{at}/turns/{turn_id}/stop")
    assert response.status_code == 200
    assert (response.get_json()["status"], response.get_json()["reason"]) == ("cancelled", "stopped")
    assert response.get_json()["ended_at"]
    found = conversation(house.ada, at)
    assert (found["version"], found["epoch"], found["responder_state"]) == (2, 1, "active")
    entry = house.ada.get(f"/conversations/{at}/timeline").get_json()["items"][-1]
    assert (entry["kind"], entry["turn_id"], entry["actor"]["id"]) == ("turn_dropped", turn_id, house.ada.id)
    assert entry["text"] == "Ada stopped the AI"
    again = house.ada.post(f"/conversations/{at}/turns/{turn_id}/stop")
    assert (again.status_code, again.get_json()) == (200, response.get_json())
    assert conversation(house.ada, at)["version"] == 2
    for missing in ("999999", "x", str(2**63)):
        assert error(house.ada.post(f"/conversations/{at}/turns/{missing}/stop")) == (404, "not_found")


def test_a_turn_of_another_conversation_is_not_stopped(house: House) -> None:
    at, elsewhere = house.visit("Hello").conversation_id, house.visit("Hi").conversation_id
    turn_id = house.ada.get(f"/conversations/{elsewhere}/turns").get_json()["items"][0]["id"]
    assert error(house.ada.post(f"/conversations/{at}/turns/{turn_id}/stop")) == (404, "not_found")
    assert turns(house.ada, elsewhere) == [("queued", None)]


def test_form_of_a_turn(house: House) -> None:
    at = house.visit("Hello").conversation_id
    turn = house.ada.get(f"/conversations/{at}/turns").get_json()["items"][0]
    assert turn.keys() >= set(
        "id conversation_id status reason attempt answers message_id draft_id window_ms lock_wait_ms model_ms "
        "prompt_tokens completion_tokens created_at claimed_at ended_at".split()
    )
    assert (turn["status"], turn["attempt"], turn["answers"], turn["claimed_at"]) == ("queued", 0, [], None)


WORKFLOW = """
INSERT INTO workflow (project_id, version, definition) VALUES (:project, 3, '{"nodes": [{"id": "a"}, {"id": "b"}]}');
"""


def test_moving_the_workflow(house: House, services: Services) -> None:
    with services.database.begin() as connection:
        connection.execute(text(WORKFLOW), {"project": house.project_id})
        connection.execute(text("UPDATE project SET workflow_version = 3"))
    at = house.visit("Hello").conversation_id
    with services.database.begin() as connection:
        connection.execute(text("""UPDATE conversation SET metadata = '{"crm": 7}'"""))
    found = house.ada.post(f"/conversations/{at}/workflow", {"node_id": "b"})
    assert found.status_code == 200
    assert found.get_json()["metadata"] == {"crm": 7, "workflowState": {"currentNodeId": "b", "workflowVersion": 3}}
    assert (found.get_json()["version"], found.get_json()["epoch"]) == (2, 1)
    found = house.ada.post(f"/conversations/{at}/workflow", {"node_id": None})
    assert found.get_json()["metadata"]["workflowState"]["currentNodeId"] is None
    entry = house.ada.get(f"/conversations/{at}/timeline").get_json()["items"][-1]
    assert (entry["kind"], entry["data"]) == ("workflow_moved", {"from": "b", "to": None})
    assert error(house.ada.post(f"/conversations/{at}/workflow", {"node_id": "c"})) == (422, "invalid")
    assert error(house.ada.post(f"/conversations/{at}/workflow", {})) == (422, "invalid")
    assert error(house.ada.post(f"/conversations/{at}/workflow", {"node": "a"})) == (422, "unknown_field")


@pytest.mark.parametrize("content", ["", " \n", "x" * 10_001, "a\x00b", "\ud800", None, 1, ["x"], {"a": 1}])
def test_content_that_is_none(house: House, content: Any) -> None:
    at = house.visit("Hello").conversation_id
    before = conversation(house.ada, at)
    response = house.ada.post(f"/conversations/{at}/messages", {"content": content})
    assert error(response) == (422, "invalid")
    assert list(response.get_json()["error"]["fields"]) == ["content"]
    assert conversation(house.ada, at) == before


def test_content_up_to_its_limits(house: House) -> None:
    at = house.visit("Hello").conversation_id
    for content in ("x" * 10_000, "🎉" * 10_000, "<script>alert(1)</script>", " a\r\n", "\u202e\u0000".strip("\0")):
        response = house.ada.post(f"/conversations/{at}/messages", {"content": content})
        assert response.status_code == 201
        assert response.get_json()["content"] == content
