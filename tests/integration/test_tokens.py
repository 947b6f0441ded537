"""API tokens: scoped, expiring, told once, an agent's own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from inbox.services import Services
from tests.integration.callers import Caller, House, error
from tests.integration.reader import Reader, shown

BODY = {"name": "Orders", "scope": "answer", "expires_at": "2100-01-25T10:00:00Z"}


def made(house: House, **more: Any) -> tuple[dict[str, Any], Caller]:
    """A new token of Ben's and who has it."""
    answer = house.ben.post("/tokens", BODY | more)
    assert answer.status_code == 201, answer.text
    return answer.get_json(), Caller(house.app, answer.get_json()["token"], house.ben.id)


def test_it_lets_in_as_its_owner(house: House) -> None:
    told, program = made(house)
    assert program.get("/me").get_json()["scope"] == "answer"
    assert program.get("/me").get_json()["id"] == house.ben.id
    (_, listed) = house.ben.get("/tokens").get_json()["items"][::-1]
    assert {name: listed[name] for name in ("id", "name", "scope")} == {
        "id": told["id"],
        "name": "Orders",
        "scope": "answer",
    }
    assert listed["expires_at"] == "2100-01-25T10:00:00.000000Z"
    assert listed["last_used_at"]


def test_it_is_told_once_and_stored_as_its_digest(house: House, services: Services) -> None:
    key = {"Idempotency-Key": "k"}
    first, again = (house.ben.post("/tokens", BODY, headers=key) for _ in range(2))
    assert first.get_json() == again.get_json()
    token = first.get_json()["token"]
    assert token not in house.ben.get("/tokens").text
    with services.reading() as connection:
        for table in ("api_token", "idempotency_key", "audit_entry"):
            rows = connection.execute(text(f"SELECT to_jsonb(t)::text FROM {table} t")).scalars().all()
            assert rows
            assert not any(token in row for row in rows)


def test_scopes(house: House) -> None:
    at = house.visit("Hello").conversation_id
    _, reading = made(house, scope="read")
    _, answering = made(house, scope="answer")
    assert reading.get(f"/conversations/{at}").status_code == 200
    assert error(reading.post(f"/conversations/{at}/claim")) == (403, "forbidden")
    assert answering.post(f"/conversations/{at}/claim").status_code == 200


def test_none_begets_a_wider_one(house: House) -> None:
    told, answering = made(house, scope="answer")
    assert error(answering.post("/tokens", BODY | {"scope": "full"})) == (403, "forbidden")
    assert error(answering.call("DELETE", f"/tokens/{told['id']}")) == (403, "forbidden")


def test_a_token_that_was_revoked_or_has_expired_opens_nothing(house: House, services: Services) -> None:
    told, program = made(house)
    assert house.ben.call("DELETE", f"/tokens/{told['id']}").status_code == 204
    assert error(program.get("/me")) == (401, "unauthorized")
    assert error(house.ben.call("DELETE", f"/tokens/{told['id']}")) == (404, "not_found")
    _, program = made(house)
    with services.database.begin() as connection:
        connection.execute(text("UPDATE api_token SET expires_at = now() WHERE name = 'Orders'"))
    assert error(program.get("/me")) == (401, "unauthorized")


def test_each_has_their_own(house: House, other_house: House) -> None:
    told, _ = made(house)
    for other in (house.ada, other_house.ada):
        assert told["id"] not in [one["id"] for one in other.get("/tokens").get_json()["items"]]
        assert error(other.call("DELETE", f"/tokens/{told['id']}")) == (404, "not_found")


@pytest.mark.parametrize(
    "bad",
    [{"name": ""}, {"scope": "all"}, {"scope": None}, {"expires_at": "2020-01-25T10:00:00Z"}, {"expires_at": "x"}],
)
def test_bad_tokens(house: House, bad: dict[str, Any]) -> None:
    assert error(house.ben.post("/tokens", BODY | bad)) == (422, "invalid")


def test_the_page(house: House, sit: Callable[[Caller], Reader]) -> None:
    ben = sit(house.ben)
    path = "/settings/tokens"
    ben.open(path)
    assert ben.send(path, {"name": ""}, to=path).status_code == 422
    answer = ben.send(path, {"name": "Reports"}, to=path)
    found = re.search(r'id="told" readonly value="([^"]+)"', answer.text)
    assert found
    program = Caller(house.app, found.group(1))
    assert program.get("/me").get_json()["scope"] == "read"
    page = ben.open(path)
    assert found.group(1) not in page
    assert "Reports Only read" in shown(page)
    revoke = f"{path}/{house.ben.get('/tokens').get_json()['items'][0]['id']}/revoke"
    ben.send(revoke, to=revoke)
    assert error(program.get("/me")) == (401, "unauthorized")
