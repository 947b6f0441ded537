"""Labels of a project as a whole: counted, renamed and removed everywhere, as acts of a person; notes and projects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from inbox import labels
from inbox.access import Agent
from inbox.services import Services
from tests.conftest import InBackground
from tests.integration.callers import Caller, House, error
from tests.integration.reader import Reader
from tests.locks import until_waiting


def labelled(house: House, *names: str) -> int:
    """A conversation with these labels."""
    at = house.visit("Hello").conversation_id
    house.ben.patch(f"/conversations/{at}", {"labels": list(names)})
    return at


def counted(house: House, **query: Any) -> dict[str, int]:
    items = house.ben.get("/labels", query_string=query).get_json()["items"]
    return {one["name"]: one["conversations"] for one in items}


def test_counted_by_name(house: House, other_house: House) -> None:
    labelled(house, "order", "vip")
    labelled(house, "order")
    labelled(other_house, "elsewhere")
    assert counted(house) == {"order": 2, "vip": 1}
    first = house.ben.get("/labels?limit=1").get_json()
    assert [one["name"] for one in first["items"]] == ["order"]
    assert counted(house, limit=1, cursor=first["next_cursor"]) == {"vip": 1}


def test_renamed_everywhere(house: House, other_house: House) -> None:
    at, both = labelled(house, "order", "vip"), labelled(house, "orders", "order")
    elsewhere = labelled(other_house, "order")
    before = house.ben.get(f"/conversations/{at}").get_json()
    assert error(house.ben.patch("/labels", {"name": "order", "new_name": "orders"})) == (403, "forbidden")
    answer = house.ada.patch("/labels", {"name": "order", "new_name": "orders"})
    assert answer.get_json() == {"changed": 2, "more": False}
    found = house.ben.get(f"/conversations/{at}").get_json()
    assert found["labels"] == ["orders", "vip"]
    assert (found["version"], found["epoch"]) == (before["version"] + 1, before["epoch"] + 1)
    assert house.ben.get(f"/conversations/{both}").get_json()["labels"] == ["orders"], "none twice"
    assert other_house.ben.get(f"/conversations/{elsewhere}").get_json()["labels"] == ["order"]
    entry = house.ben.get(f"/conversations/{at}/timeline").get_json()["items"][-1]
    assert (entry["kind"], entry["data"], entry["actor"]["name"]) == (
        "labels",
        {"added": ["orders"], "removed": ["order"]},
        "Ada",
    )
    assert house.ada.patch("/labels", {"name": "order", "new_name": "orders"}).get_json()["changed"] == 0
    assert house.ada.patch("/labels", {"name": "orders", "new_name": "orders"}).get_json()["changed"] == 0


def test_removed_everywhere(house: House) -> None:
    at = labelled(house, "order", "vip")
    assert error(house.ben.post("/labels/remove", {"name": "order"})) == (403, "forbidden")
    assert house.ada.post("/labels/remove", {"name": "order"}).get_json() == {"changed": 1, "more": False}
    assert house.ben.get(f"/conversations/{at}").get_json()["labels"] == ["vip"]


def test_many_are_done_in_parts(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "MOST_AT_ONCE", 2)
    for _ in range(3):
        labelled(house, "order")
    answers = [house.ada.post("/labels/remove", {"name": "order"}).get_json() for _ in range(2)]
    assert answers == [{"changed": 2, "more": True}, {"changed": 1, "more": False}]


def test_a_label_that_is_added_meanwhile_stays(house: House, services: Services, in_background: InBackground) -> None:
    """The rename waits for a colleague's write to the same conversation, and keeps what that added."""
    at = labelled(house, "order")
    who = Agent(house.ada.id, "Ada", "ada@example.com", house.project_id, "manager")

    def rename() -> labels.Relabelled:
        with services.statement() as writing:
            return labels.relabel(writing.connection, who, "order", "orders")

    with services.database.begin() as colleague:
        add = "UPDATE conversation SET labels = labels || '{urgent}', version = version + 1 WHERE id = :id"
        colleague.execute(text(add), {"id": at})
        renaming = in_background(rename)
        until_waiting(services, 1)
    assert renaming.result().changed == 1
    assert house.ben.get(f"/conversations/{at}").get_json()["labels"] == ["orders", "urgent"]


def test_a_colour_goes_along(house: House, other_house: House) -> None:
    labelled(house, "order", "vip")
    labelled(other_house, "order")

    def colours(of: House) -> dict[str, Any]:
        return {one["name"]: one["colour"] for one in of.ada.get("/labels").get_json()["items"]}

    def paint(name: str, colour: str | None) -> Any:
        return house.ada.call("PUT", "/labels/colour", json={"name": name, "colour": colour})

    assert paint("order", "green").get_json() == {"name": "order", "colour": "green"}
    assert (colours(house), colours(other_house)) == ({"order": "green", "vip": None}, {"order": None})
    assert house.ada.get("/audit").get_json()["items"][0]["kind"] == "label_coloured"
    refused = house.ben.call("PUT", "/labels/colour", json={"name": "order", "colour": "red"})
    assert error(refused) == (403, "forbidden")
    assert error(paint("order", "mauve")) == (422, "invalid")
    house.ada.patch("/labels", {"name": "order", "new_name": "orders"})
    assert colours(house) == {"orders": "green", "vip": None}
    paint("vip", "violet")
    house.ada.patch("/labels", {"name": "vip", "new_name": "orders"})
    assert colours(house) == {"orders": "green"}, "the name that stays keeps its colour"
    assert paint("orders", None).status_code == 200
    assert colours(house) == {"orders": None}


def test_the_page(house: House, sit: Callable[[Caller], Reader]) -> None:
    at = labelled(house, "order")
    ada, page = sit(house.ada), "/settings/labels"
    ada.open(page)
    ada.send(page, {"colour": "green"}, to=f"{page}/colour")
    dot = '<i class="hue green"></i>'
    assert f"{dot}<bdi>order</bdi>" in ada.open(page)
    assert dot in sit(house.ben).open(f"/conversations/{at}")
    assert "Save the colour" not in sit(house.ben).open(page)


def test_notes(house: House, other_house: House) -> None:
    at = house.visit("Hello").conversation_id
    for content, private in (("one", True), ("reply", False), ("two", True)):
        house.ben.post(f"/conversations/{at}/messages", {"content": content, "private": private})
    found = house.ada.get(f"/conversations/{at}/notes").get_json()["items"]
    assert [one["content"] for one in found] == ["one", "two"]
    later = house.ada.get(f"/conversations/{at}/notes?after={found[0]['id']}").get_json()["items"]
    assert [one["content"] for one in later] == ["two"]
    assert error(other_house.ada.get(f"/conversations/{at}/notes")) == (404, "not_found")


def test_projects(house: House, other_house: House, services: Services) -> None:
    with services.database.begin() as connection:
        member = text("INSERT INTO membership (project_id, agent_id) VALUES (:project, :agent)")
        connection.execute(member, {"project": other_house.project_id, "agent": house.ben.id})
    found = house.ben.get("/projects").get_json()["items"]
    assert {one["id"]: one["this"] for one in found} == {house.project_id: True, other_house.project_id: False}
    assert [one["id"] for one in house.ada.get("/projects").get_json()["items"]] == [house.project_id]
