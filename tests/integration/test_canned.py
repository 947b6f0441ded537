"""Canned replies over the API and on their pages, and how the composer gets them filled."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.callers import House, error
from tests.integration.reader import Sit, shown

PAGE = "/settings/canned"


def make(house: House, shortcut: str = "hello", content: str = "Hello.") -> dict[str, Any]:
    response = house.ada.post("/canned-replies", {"shortcut": shortcut, "content": content})
    assert response.status_code == 201, response.text
    return dict(response.get_json())


def test_managers_change_and_agents_read(house: House, other_house: House) -> None:
    made = make(house)
    path = f"/canned-replies/{made['id']}"
    assert house.ben.get(path).get_json() == made
    assert error(house.ben.post("/canned-replies", {"shortcut": "x", "content": "y"})) == (403, "forbidden")
    assert error(house.ben.patch(path, {"content": "y"})) == (403, "forbidden")
    assert error(other_house.ada.patch(path, {"content": "y"})) == (404, "not_found")
    stale = {"If-Match": '"1"'}
    assert house.ada.patch(path, {"content": "Good day."}, headers=stale).get_json()["version"] == 2
    lost = house.ada.patch(path, {"content": "Hi."}, headers=stale)
    assert error(lost) == (412, "stale_version")
    assert lost.get_json()["error"]["canned_reply"]["content"] == "Good day."
    assert error(house.ada.call("DELETE", path, headers=stale)) == (412, "stale_version")
    assert house.ada.call("DELETE", path).status_code == 204
    assert error(house.ben.get(path)) == (404, "not_found")


def test_a_name_is_there_once(house: House, other_house: House) -> None:
    make(house), make(other_house)
    other = make(house, "bye")
    for response in (
        house.ada.post("/canned-replies", {"shortcut": "hello", "content": "x"}),
        house.ada.patch(f"/canned-replies/{other['id']}", {"shortcut": "hello"}),
    ):
        assert error(response) == (422, "invalid")
        assert response.get_json()["error"]["fields"] == {"shortcut": "is taken"}


@pytest.mark.parametrize("bad", [{"shortcut": "Two words"}, {"shortcut": ""}, {"content": "{{visitor.shoe}}"}])
def test_what_cannot_be_one(house: House, bad: dict[str, str]) -> None:
    assert error(house.ada.post("/canned-replies", {"shortcut": "a", "content": "b"} | bad)) == (422, "invalid")


def test_filled_as_data(house: House, sit: Sit) -> None:
    """A visitor's name is what it is: what looks like a variable in it is not filled again."""
    make(house, "hi", "Hi {{visitor.name|there}}, {{agent.name}} here. {{ visitor.custom_attributes.plan | none }}")
    make(house, "asis", "{{visitor.name}}")
    nobody = house.visit("Hello").conversation_id
    sly = house.visit("Hello", name="{{agent.email}}<b>").conversation_id
    ben = sit(house.ben)
    offered = {one["name"]: one["words"] for one in ben.client.get(f"/conversations/{nobody}/canned").get_json()}
    assert offered == {"asis": "", "hi": "Hi there, Ben here. none"}
    offered = {one["name"]: one["words"] for one in ben.client.get(f"/conversations/{sly}/canned").get_json()}
    assert offered["asis"] == "{{agent.email}}<b>"


def test_the_pages(house: House, sit: Sit) -> None:
    ada, ben = sit(house.ada), sit(house.ben)
    ada.open(f"{PAGE}/new")
    assert ada.send(f"{PAGE}/new", {"shortcut": "/Hello", "content": "{{nobody}}"}, to=PAGE).status_code == 422
    assert ada.forms[PAGE]["content"] == "{{nobody}}", "what was typed stays"
    assert ada.send(PAGE, {"content": "Hello."}, to=PAGE).status_code == 302
    made = house.ben.get("/canned-replies").get_json()["items"][0]
    assert (made["shortcut"], made["content"]) == ("hello", "Hello.")
    one = f"{PAGE}/{made['id']}"
    page = ben.open(one)
    assert "Only managers change canned replies." in shown(page)
    assert ">Save<" not in page
    ada.open(one)
    house.ada.patch(f"/canned-replies/{made['id']}", {"content": "Good day."})
    lost = ada.send(one, {"content": "Hi."}, to=one)
    assert lost.status_code == 409
    assert "Ada was faster." in shown(lost.text)
    assert ada.forms[one]["content"] == "Hi."
    assert ada.send(one, to=one).status_code == 302
    assert house.ben.get(f"/canned-replies/{made['id']}").get_json()["content"] == "Hi."
