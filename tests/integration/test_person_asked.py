"""A visitor asks for a person: handed off by them, told honestly, and only where and when the project lets them."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from inbox.hours import DAYS, Hours
from inbox.pages import hours_words
from inbox.working_hours import Setting
from jobs import turn
from jobs.context import Context
from tests.conftest import ListQueue
from tests.integration.callers import Caller, House, error
from tests.model_server import ModelServer

CLOSED = {"time_zone": "UTC", "week": {}, "enabled": True}


def ask(visitor: Caller) -> dict[str, Any]:
    answer = visitor.post("/widget/ask-person", {})
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def entries(house: House, visitor: Caller, kind: str) -> list[dict[str, Any]]:
    found = house.ada.get(f"/conversations/{visitor.conversation_id}/timeline").get_json()["items"]
    return [one for one in found if one["kind"] == kind]


def test_it_is_handed_off_with_that_reason(house: House) -> None:
    visitor = house.visit("Hello", name="Leila")
    path = f"/conversations/{visitor.conversation_id}"
    before = house.ada.get(path).get_json()
    assert visitor.get("/widget/conversation").get_json()["asks_for_person"] is True
    told = ask(visitor)
    assert (told["answered_by"], told["handed_off"], told["asks_for_person"]) == ("people", True, False)
    assert told["asks_email"] is True, "nobody is here"
    after = house.ada.get(path).get_json()
    assert (after["responder_state"], after["status"], after["assignee_id"]) == ("handed_off", "open", None)
    assert (after["version"], after["epoch"]) == (before["version"] + 1, before["epoch"])
    (entry,) = entries(house, visitor, "handed_off")
    assert (entry["text"], entry["data"]["reason"]) == ("Leila asked for a person", "visitor_asked")
    (cancelled,) = house.ada.get(f"{path}/turns").get_json()["items"]
    assert (cancelled["status"], cancelled["reason"]) == ("cancelled", "taken_over")
    ask(visitor)
    assert house.ada.get(path).get_json()["version"] == after["version"], "asked again it changes nothing"
    visitor.post("/widget/messages", {"content": "Hello?"})
    assert len(house.ada.get(f"{path}/turns").get_json()["items"]) == 1, "the AI stays out of it"


def test_it_opens_what_was_solved_again(house: House) -> None:
    visitor = house.visit("Hello")
    house.ada.patch(f"/conversations/{visitor.conversation_id}", {"status": "solved"})
    assert ask(visitor)["status"] == "open"
    assert len(entries(house, visitor, "reopened")) == 1


def test_what_people_have_stays_as_it_is(house: House) -> None:
    taken, spam = house.visit("Hello"), house.visit("Buy now")
    house.ben.post(f"/conversations/{taken.conversation_id}/take-over")
    house.ada.patch(f"/conversations/{spam.conversation_id}", {"status": "spam"})
    for visitor in (taken, spam):
        ask(visitor)
        assert entries(house, visitor, "handed_off") == []
    assert house.ada.get(f"/conversations/{taken.conversation_id}").get_json()["responder_state"] == "paused"


def test_a_reply_that_was_on_its_way_is_parked(
    house: House, worker: Context, turn_queue: ListQueue, model_server: ModelServer, in_background: Any
) -> None:
    """The visitor asks while the model thinks: its reply waits for a person, who may send it."""
    visitor = house.visit("Hello")
    model_server.hold()
    thinking = in_background(turn.run, worker, turn_queue.turns[-1])
    model_server.wait_until_asked()
    ask(visitor)
    model_server.release()
    thinking.result()
    (draft,) = house.ada.get(f"/conversations/{visitor.conversation_id}/drafts").get_json()["items"]
    assert (draft["state"], draft["reason"]) == ("open", "taken_over")
    assert [one["author"] for one in visitor.get("/widget/messages").get_json()["items"]] == ["visitor"]


@pytest.mark.parametrize(("how", "closed", "may"), [
    ("always", True, True), ("open_hours", False, True), ("open_hours", True, False), ("never", False, False),
])  # fmt: skip
def test_where_and_when_a_project_lets_them(house: House, how: str, closed: bool, may: bool) -> None:
    house.ada.patch("/project", {"widget_ask_person": how})
    if closed:
        assert house.ada.call("PUT", "/working-hours", json=CLOSED).status_code == 200
    visitor = house.visit("Hello")
    assert visitor.get("/widget/conversation").get_json()["asks_for_person"] is may
    if may:
        assert ask(visitor)["handed_off"]
    else:
        assert error(visitor.post("/widget/ask-person", {})) == (403, "forbidden")
        assert visitor.get("/widget/conversation").get_json()["handed_off"] is False


def test_the_frame_has_the_button_and_the_hours(app: Flask, house: House) -> None:
    week = {day: ["09:00-17:30"] for day in DAYS[:5]}
    house.ada.call("PUT", "/working-hours", json={"time_zone": "Asia/Ho_Chi_Minh", "week": week})
    page = app.test_client().get(f"/widget/{house.key}").text
    for words in ("Ask for a person", "Monday–Friday 09:00-17:30", "(time of Ho Chi Minh)"):
        assert words in page
    vietnamese = app.test_client().get(f"/widget/{house.key}?language=vi").text
    assert "Thứ Hai–Thứ Sáu 09:00-17:30" in vietnamese
    house.ada.patch("/project", {"widget_ask_person": "never"})
    assert "Ask for a person" not in app.test_client().get(f"/widget/{house.key}").text


def test_days_with_the_same_hours_stand_together(app: Flask) -> None:
    week = {
        "monday": ["09:00-12:00", "13:00-17:00"],
        "tuesday": ["09:00-12:00", "13:00-17:00"],
        "friday": ["10:00-24:00"],
    }
    with app.test_request_context():
        found = hours_words.lines(Setting(True, Hours("UTC", week, frozenset()), 1, None))
        assert found == ["Monday–Tuesday 09:00-12:00, 13:00-17:00", "Friday 10:00-24:00", "(time of UTC)"]
        assert hours_words.lines(Setting(True, Hours("UTC", {}, frozenset()), 1, None)) == []
