"""The page of labels, the capacity of a member, a moment of one's own for many, and a passkey's name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from inbox import passkeys
from inbox.errors import NotFound
from inbox.services import Services
from tests.integration.callers import House
from tests.integration.reader import Sit, shown


def test_renamed_joined_and_removed_everywhere(house: House, sit: Sit) -> None:
    first, second = (house.visit("Hello").conversation_id for _ in range(2))
    for number, labels in ((first, ["refund", "return"]), (second, ["return"])):
        house.ada.patch(f"/conversations/{number}", {"labels": labels})
    ada = sit(house.ada)
    assert "return 2 conversations" in shown(ada.open("/settings/labels"))
    path = "/settings/labels/rename"
    ada.send(path, {"name": "return", "new_name": "  refund "}, to=path)
    page = shown(ada.open("/settings/labels"))
    assert "2 conversations were changed." in page
    assert "refund 2 conversations" in page
    assert house.ada.get(f"/conversations/{first}").get_json()["labels"] == ["refund"]
    ada.send(path, {"name": "refund", "new_name": "x" * 65}, to=path)
    assert "1 to 64 characters" in shown(ada.open("/settings/labels"))
    ada.send("/settings/labels/remove", {"name": "refund"}, to="/settings/labels/remove")
    assert "No label yet" in shown(ada.open("/settings/labels"))


def test_one_is_made_before_it_is_used(house: House, sit: Sit) -> None:
    """It is offered beside every conversation, stands among the others, and is removed like them."""
    number, path = house.visit("Hello").conversation_id, "/settings/labels/colour"
    house.ada.patch(f"/conversations/{number}", {"labels": ["size"]})
    ada = sit(house.ada)
    ada.open("/settings/labels")
    ada.client.post(path, data={**ada.forms[path], "name": "  gift  card ", "colour": "green"})
    assert "gift card 0 conversations" in shown(ada.open("/settings/labels"))
    assert '<option value="gift card">' in sit(house.ben).open(f"/conversations/{number}")
    listed = house.ada.get("/labels?limit=1").get_json()
    assert [one["name"] for one in listed["items"]] == ["gift card"]
    following = house.ada.get(f"/labels?limit=1&cursor={listed['next_cursor']}").get_json()
    assert [(one["name"], one["conversations"]) for one in following["items"]] == [("size", 1)]
    house.ada.patch(f"/conversations/{number}", {"labels": ["gift card"]})
    assert "gift card 1 conversation" in shown(ada.open("/settings/labels"))
    house.ada.post("/labels/remove", {"name": "gift card"})
    assert "gift card" not in shown(ada.open("/settings/labels"))


def test_agents_see_labels_and_change_none(house: House, sit: Sit) -> None:
    house.ada.patch(f"/conversations/{house.visit('Hello').conversation_id}", {"labels": ["refund"]})
    ben = sit(house.ben)
    page = ben.open("/settings/labels")
    assert "refund" in page
    assert "Rename everywhere" not in page


@pytest.mark.parametrize(("typed", "kept", "status"), [("3", "3", 302), ("", "", 302), ("many", "", 422)])
def test_a_capacity_of_ones_own(house: House, sit: Sit, typed: str, kept: str, status: int) -> None:
    house.ada.patch("/project", {"assign_rule": "fewest"})
    ada = sit(house.ada)
    ada.open("/settings/members")
    path = f"/settings/members/{house.ben.id}/capacity"
    assert ada.send(path, {"capacity": typed}, to=path).status_code == status
    field = ada.open("/settings/members").partition(f'id="capacity-{house.ben.id}"')[2].partition(">")[0]
    assert f'value="{kept}"' in field
    assert ("changed the capacity of Ben" in shown(ada.open("/settings/audit"))) == bool(kept)


def test_many_rest_until_a_moment(house: House, sit: Sit) -> None:
    number = house.visit("Hello").conversation_id
    ada = sit(house.ada)
    ada.open("/")
    until = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    for given, status in ((until - timedelta(days=9), "open"), (until, "snoozed")):
        ada.open("/")
        ada.send("/bulk", {"chosen": str(number), "snooze": "own", "until": given.isoformat()}, to="/bulk?view=all")
        row = house.ada.get(f"/conversations/{number}").get_json()
        assert row["status"] == status
    assert datetime.fromisoformat(row["snoozed_until"]) == until


def test_a_passkey_has_another_name(house: House, sit: Sit, services: Services) -> None:
    """Its owner's only: a colleague's is as missing as none."""
    add = text(
        "INSERT INTO passkey (agent_id, credential_id, public_key, sign_count, name)"
        " VALUES (:agent, 'x', 'y', 0, 'Laptop') RETURNING id"
    )
    with services.database.begin() as connection:
        number = connection.execute(add, {"agent": house.ada.id}).scalar_one()
    ada, path = sit(house.ada), "/account/passkeys/rename"
    ada.open("/account")
    ada.send(path, {"name": "  My <b>desk</b> "}, to=path)
    assert "My &lt;b&gt;desk&lt;/b&gt;" in ada.open("/account")
    with services.statement() as writing, pytest.raises(NotFound):
        passkeys.rename(writing.connection, house.ben.id, number, "Mine")
