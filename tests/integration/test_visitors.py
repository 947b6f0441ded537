"""Visitors over the API: found, shown beside each other, and edited without losing a colleague's change."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.callers import House, error, known
from tests.integration.reader import Reader


def test_found_by_name_address_and_id(house: House, other_house: House) -> None:
    house.visit(name="Leila", email="leila@example.com", external_id="17")
    house.visit(name="100% sure")
    house.visit()
    other_house.visit(name="Leila", email="leila@example.com", external_id="17")
    assert len(known(house)) == 3
    for query in ({"q": "eila"}, {"q": "@EXAMPLE"}, {"email": "LEILA@example.com"}, {"external_id": "17"}):
        assert [one["name"] for one in known(house, **query)] == ["Leila"], query
    assert [one["name"] for one in known(house, q="%")] == ["100% sure"]
    assert known(house, q="nobody") == []
    assert known(house, email="leila@example.com", q="sure") == []


def test_pages_of_visitors(house: House) -> None:
    for number in range(5):
        house.visit(name=f"Visitor {number}")
    names, cursor = [], None
    for _ in range(3):
        answer = house.ben.get(
            "/visitors", query_string={"limit": 2} | ({"cursor": cursor} if cursor else {})
        ).get_json()
        names += [one["name"] for one in answer["items"]]
        cursor = answer["next_cursor"]
    assert (names, cursor) == ([f"Visitor {number}" for number in range(4, -1, -1)], None)


def test_edit(house: House) -> None:
    house.visit(name="Leila")
    (before,) = known(house)
    path = f"/visitors/{before['id']}"
    answer = house.ben.patch(path, {"email": "l@example.com", "custom_attributes": {"plan": "pro", "seats": 3}})
    assert answer.headers["ETag"] == '"2"'
    answer = house.ben.patch(path, {"custom_attributes": {"seats": None, "since": 2020}}, headers={"If-Match": '"2"'})
    found = answer.get_json()
    assert found["custom_attributes"] == {"plan": "pro", "since": 2020}
    assert (found["name"], found["email"], found["version"]) == ("Leila", "l@example.com", 3)
    stale = house.ada.patch(path, {"name": "Layla"}, headers={"If-Match": '"2"'})
    assert error(stale) == (412, "stale_version")
    assert stale.get_json()["error"]["visitor"]["version"] == 3
    assert house.ada.patch(path, {"name": "Leila"}).headers["ETag"] == '"3"'
    assert house.ada.patch(path, {"name": None}).get_json()["name"] is None


@pytest.mark.parametrize("bad", [{"name": ""}, {"email": 1}, {"custom_attributes": None}, {"custom_attributes": []}])
def test_bad_edits(house: House, bad: dict[str, Any]) -> None:
    house.visit()
    assert error(house.ben.patch(f"/visitors/{known(house)[0]['id']}", bad)) == (422, "invalid")


def test_conversations_of_a_visitor(house: House) -> None:
    visitor = house.visit("Hello", name="Leila")
    house.visit("Other")
    (one,) = known(house, q="Leila")
    answer = house.ben.get(f"/visitors/{one['id']}/conversations").get_json()
    assert [found["id"] for found in answer["items"]] == [visitor.conversation_id]


def test_what_they_wrote_elsewhere_stands_beside(house: House, other_house: House, sit: Any) -> None:
    """By visitor and by address, and nobody else's; that nobody verified the address is said."""
    email = "leila@example.com"
    here = house.visit("Where is it?", name="Leila", email=email)
    house.visit("An older question", email="Leila@Example.com")
    house.visit("Of somebody else", email="tom@example.com")
    other_house.visit("In another project", email=email)
    page = sit(house.ben).open(f"/conversations/{here.conversation_id}")
    beside = page[page.index('class="side-notes of-theirs"') :].partition("</details>")[0]
    assert "An older question" in beside
    assert beside.count("<li>") == 1
    assert "nobody has verified" in beside
    assert 'class="side-notes of-theirs"' not in sit(house.ben).open(
        f"/conversations/{house.visit('Hello').conversation_id}"
    )


def test_the_inbox_shows_the_new_name(house: House, sit: Any) -> None:
    house.visit("Hello", name="Leila")
    house.ben.patch(f"/visitors/{known(house)[0]['id']}", {"name": "Layla <b>"})
    reader: Reader = sit(house.ben)
    assert "Layla &lt;b&gt;" in reader.open("/")
