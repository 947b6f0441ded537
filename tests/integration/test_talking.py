"""What is set on the page of a conversation, and who wins where two agents set the same thing."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from inbox import as_seen, rules
from inbox.services import Services
from tests.integration.callers import House
from tests.integration.reader import Reader, Sit, shown
from tests.people import People


@pytest.fixture
def number(house: House) -> int:
    """A conversation with a question in it."""
    return house.visit("Where is my order?", name="Leila").conversation_id


def page(number: int, form: str = "") -> str:
    return f"/conversations/{number}" + (f"/{form}" if form else "")


def now(house: House, number: int) -> dict[str, Any]:
    found: dict[str, Any] = house.ada.get(f"/conversations/{number}").get_json()
    return found


def post(reader: Reader, number: int, form: str, seen: int | None = None, **fields: str) -> Any:
    """Send a form of the page as its script does."""
    reader.open(page(number))
    token = reader.forms[page(number, "labels")]["csrf_token"]
    given = {"csrf_token": token, **fields, **({"seen": str(seen)} if seen is not None else {})}
    return reader.client.post(page(number, form), data=given, headers={"HX-Request": "true"})


def test_labels_are_put_on_and_taken_off(house: House, sit: Sit, number: int) -> None:
    ben = sit(house.ben)
    assert post(ben, number, "labels", add="  refund ").status_code == 200
    assert "refund" in post(ben, number, "labels", add="size").text
    assert now(house, number)["labels"] == ["refund", "size"]
    post(ben, number, "labels", remove="refund")
    assert now(house, number)["labels"] == ["size"]
    assert '<option value="size">' in ben.open(page(number)), "labels of the project are offered"
    refused = post(ben, number, "labels", add="x" * 65)
    assert (refused.status_code, "That was not done" in refused.text) == (409, True)


def test_a_claim_says_who_has_it_since_when_and_offers_it(house: House, sit: Sit, number: int) -> None:
    ben = sit(house.ben)
    house.ada.post(f"/conversations/{number}/claim")
    seen = now(house, number)
    told = post(ben, number, "acts/claim?from_list=1")
    assert told.status_code == 409
    assert "Ada has it" in told.text
    assert seen["assigned_at"] in told.text
    assert 'id="controls"' not in told.text, "no part of another conversation than the open one"
    assert "Ada has it" in post(ben, number, "acts/claim", shown=str(seen["assignee_id"])).text
    assert "Ada was faster" in post(ben, number, "acts/claim", shown="").text
    assert f'name="seen" value="{seen["version"]}"' in told.text
    house.ada.patch(f"/conversations/{number}", {"assignee_id": None})
    assert post(ben, number, "acts/assign", seen["version"], assignee=str(house.ben.id)).status_code == 409, (
        "not what was offered any more"
    )
    seen = now(house, number)
    assert post(ben, number, "acts/assign", seen["version"], assignee=str(house.ben.id)).status_code == 200
    assert now(house, number)["assignee_id"] == house.ben.id


def test_labels_put_on_at_once_all_stay(services: Services) -> None:
    people = People.arrive(services)

    def put(name: str) -> None:
        with services.statement() as writing:
            as_seen.label(writing.connection, people.ana, people.conversation_id, add=name)

    threads = [threading.Thread(target=put, args=(f"label {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(people.conversation()["labels"]) == {f"label {n}" for n in range(8)}


@pytest.mark.parametrize(
    ("form", "field", "theirs", "mine"),
    [
        ("priority", "priority", {"priority": "high"}, "low"),
        ("acts/status", "status", {"status": "pending"}, "solved"),
        ("acts/assign", "assignee", {"assignee_id": None}, ""),
    ],
)
def test_the_second_click_loses_and_says_to_whom(
    house: House, sit: Sit, number: int, form: str, field: str, theirs: dict[str, Any], mine: str
) -> None:
    if form == "acts/assign":
        theirs, mine = {"assignee_id": house.ada.id}, str(house.ben.id)
    seen = now(house, number)["version"]
    assert house.ada.patch(f"/conversations/{number}", theirs).status_code == 200
    lost = post(sit(house.ben), number, form, seen, **{field: mine})
    assert lost.status_code == 409
    assert "Ada was faster" in shown(lost.text)
    assert "Your click changed nothing" in shown(lost.text)
    assert now(house, number).items() >= theirs.items()
    again = post(sit(house.ben), number, form, now(house, number)["version"], **{field: mine})
    assert again.status_code == 200, "having seen it, they may set their own"
    assert not now(house, number).items() >= theirs.items()


def test_who_the_visitor_is_can_be_said(house: House, sit: Sit, number: int) -> None:
    """What was not touched is not set again: the visitor may have said it of themselves meanwhile."""

    def who() -> tuple[Any, Any]:
        visitor = now(house, number)["visitor"]
        return visitor["name"], visitor["email"]

    ben, form = sit(house.ben), page(number, "visitor")
    ben.open(page(number))
    house.ada.patch(f"/visitors/{now(house, number)['visitor']['id']}", {"email": "leila@post.example"})
    assert ben.send(page(number), {"name": "  Leila  Haddad "}, to=form).status_code == 302
    assert who() == ("Leila Haddad", "leila@post.example")
    ben.open(page(number))
    assert "That is no e-mail address." in post(ben, number, "visitor", name="x", was_name="x", email="nobody").text
    ben.send(page(number), {"name": ""}, to=form)
    assert who() == (None, "leila@post.example")


def test_the_list_says_that_nobody_answers_what_was_stopped(house: House, sit: Sit, number: int) -> None:
    ben = sit(house.ben)

    def shown_owner() -> tuple[str, bool]:
        found = re.search(rf'<li id="row-{number}".*?<span class="avatar (\w+).*?</li>', ben.open("/"), re.S)
        assert found
        return found[1], "data-waits" in found[0]

    assert shown_owner() == ("ai", False)
    turn = house.ada.get(f"/conversations/{number}/turns").get_json()["items"][0]["id"]
    house.ada.post(f"/conversations/{number}/turns/{turn}/stop")
    assert shown_owner() == ("wanted", True), "and for how long the visitor has waited"


def test_what_leaves_the_list_can_be_undone(house: House, sit: Sit, number: int) -> None:
    """Solved by one key: the answer says how it is taken back, and then all is as it was."""
    ben = sit(house.ben)
    house.ada.post(f"/conversations/{number}/take-over")
    for form, field, value in (
        ("acts/status", "status", "solved"),
        ("acts/status", "status", "spam"),
        ("snooze", "until", "hour"),
    ):
        before = now(house, number)
        told = post(ben, number, form, before["version"], **{field: value})
        assert (told.status_code, now(house, number)["status"] == "open") == (200, False)
        undo = re.search(r'action="/bulk/(\d+)/undo"', told.text)
        assert undo is not None
        ben.client.post(f"/bulk/{undo[1]}/undo", data={"csrf_token": _token(ben, number)})
        changed = ("version", "epoch")
        assert {**now(house, number), **dict.fromkeys(changed)} == {**before, **dict.fromkeys(changed)}
    assert "/undo" not in post(ben, number, "acts/status", status="open").text, "it is in sight, and nothing changed"


def _token(reader: Reader, number: int) -> str:
    reader.open(page(number))
    return str(reader.forms[page(number, "labels")]["csrf_token"])


def test_what_touched_something_else_stands_in_nobodys_way(house: House, sit: Sit, number: int) -> None:
    seen = now(house, number)["version"]
    house.ada.patch(f"/conversations/{number}", {"status": "pending", "custom_attributes": {"Order": "1"}})
    house.ada.post(f"/conversations/{number}/messages", {"content": "Hello"})
    ben = sit(house.ben)
    assert post(ben, number, "priority", seen, priority="urgent").status_code == 200
    assert post(ben, number, "attributes", seen, name="Plan", value="gold").status_code == 200
    assert post(ben, number, "attributes", seen, name="Order", value="2").status_code == 409
    found = now(house, number)
    assert (found["priority"], found["status"]) == ("urgent", "pending")
    assert found["custom_attributes"] == {"Order": "1", "Plan": "gold"}
    post(ben, number, "attributes", name="Plan", value="")
    assert now(house, number)["custom_attributes"] == {"Order": "1"}


def test_snoozed_until_its_time(house: House, sit: Sit, number: int, services: Services) -> None:
    ben = sit(house.ben)
    until = datetime.now(UTC) + timedelta(days=2)
    assert post(ben, number, "snooze", until="2020-01-01T00:00:00Z").status_code == 409
    assert post(ben, number, "snooze", until="soon").status_code == 409
    assert post(ben, number, "snooze", until="week").status_code == 200
    assert post(ben, number, "snooze", until=until.isoformat()).status_code == 200
    assert now(house, number)["status"] == "snoozed"
    with services.statement() as writing:
        writing.connection.exec_driver_sql("UPDATE conversation SET snoozed_until = snoozed_until - interval '3 days'")
        for due in rules.awake(writing.connection, 10):
            assert rules.reopen(writing.connection, due)
    assert now(house, number)["status"] == "open"


def test_a_stopped_turn_says_who_stopped_it(house: House, sit: Sit, number: int) -> None:
    path = f"/conversations/{number}"
    turn = house.ada.get(f"{path}/turns").get_json()["items"][0]["id"]
    assert "AI is thinking" in shown(sit(house.ada).open(page(number)))
    assert house.ada.post(f"{path}/turns/{turn}/stop").status_code == 200
    assert "Stopped by you" in shown(sit(house.ada).open(page(number)))
    assert "Stopped by Ada" in shown(sit(house.ben).open(page(number)))
    house.ben.post(f"{path}/messages", {"content": "A note", "private": True})
    assert "Stopped by Ada" in shown(sit(house.ben).open(page(number)))
    house.ben.post(f"{path}/messages", {"content": "Ben here."})
    assert "Stopped by" not in shown(sit(house.ben).open(page(number)))
