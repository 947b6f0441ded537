"""Verified visitors: who the project's site has signed comes back to their history, and nobody else does."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from inbox import audit
from inbox.services import Services
from tests.integration.callers import Caller, House, error
from tests.integration.reader import Sit

PAGE = "/settings/widget"


@pytest.fixture
def secret(house: House) -> str:
    return make(house)


def make(house: House) -> str:
    response = house.ada.post("/project/identity-secret", {})
    assert response.status_code == 201
    made: str = response.get_json()["secret"]
    return made


def signed(house: House, secret: str, **changes: Any) -> str:
    claims = {"sub": "customer-7", "aud": house.key, "exp": int(time.time()) + 3600, "name": "Leila", **changes}
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, secret, algorithm="HS256")


def begin(house: House, identity: str, **said: str) -> TestResponse:
    body = {"project_key": house.key, "visitor": {"identity": identity, **said}}
    return Caller(house.app).post("/widget/sessions", body)


def visit(house: House, identity: str, **said: str) -> Caller:
    response = begin(house, identity, **said)
    assert response.status_code == 201, response.text
    return Caller(house.app, response.get_json()["token"], conversation_id=response.get_json()["conversation_id"])


def words(visitor: Caller) -> list[str]:
    return [message["content"] for message in visitor.get("/widget/messages").get_json()["items"]]


def test_the_same_person_on_two_devices(house: House, secret: str) -> None:
    first = visit(house, signed(house, secret, email="leila@example.com"))
    first.post("/widget/messages", {"content": "From my phone"})
    second = visit(house, signed(house, secret))
    assert second.token != first.token
    assert second.conversation_id == first.conversation_id
    assert words(second) == ["From my phone"]
    second.post("/widget/messages", {"content": "From my desk"})
    assert words(first) == ["From my phone", "From my desk"]
    found = house.ada.get(f"/conversations/{first.conversation_id}").get_json()["visitor"]
    assert (found["external_id"], found["name"], found["email"]) == ("customer-7", "Leila", "leila@example.com")
    assert found["verified"] is True
    assert error(second.patch("/widget/visitor", {"email": "x@example.com"})) == (422, "invalid")


def test_what_is_said_beside_it_does_not_count(house: House, secret: str) -> None:
    visitor = visit(house, signed(house, secret, name=None), name="Mallory", external_id="customer-8")
    found = house.ada.get(f"/conversations/{visitor.conversation_id}").get_json()["visitor"]
    assert (found["external_id"], found["name"], found["email"]) == ("customer-7", None, None)


def test_without_it_nobody_joins_a_verified_visitor(house: House, secret: str) -> None:
    known = visit(house, signed(house, secret, email="leila@example.com"))
    known.post("/widget/messages", {"content": "My secret"})
    stranger = house.visit("Hello", external_id="customer-7", email="leila@example.com", name="Leila")
    assert words(stranger) == ["Hello"]
    assert stranger.conversation_id != known.conversation_id
    # Nor does a verified one join what a stranger had typed.
    assert words(visit(house, signed(house, secret))) == ["My secret"]


def tampered(house: House, secret: str) -> str:
    head, claims, signature = signed(house, secret).split(".")
    _, other, _ = signed(house, secret, sub="customer-8").split(".")
    assert claims != other
    return f"{head}.{other}.{signature}"


BAD: dict[str, Any] = {
    "expired": lambda house, secret: signed(house, secret, exp=int(time.time()) - 120),
    "tampered": tampered,
    "other secret": lambda house, secret: signed(house, secret + "x"),
    "another project": lambda house, secret: signed(house, secret, aud="another key"),
    "no audience": lambda house, secret: signed(house, secret, aud=None),
    "no end": lambda house, secret: signed(house, secret, exp=None),
    "no end in sight": lambda house, secret: signed(house, secret, exp=int(time.time()) + 7 * 86_400),
    "nobody": lambda house, secret: signed(house, secret, sub=None),
    "empty": lambda house, secret: signed(house, secret, sub=""),
    "long": lambda house, secret: signed(house, secret, sub="x" * 321),
    "nul": lambda house, secret: signed(house, secret, sub="a\x00b"),
    "no text": lambda house, secret: signed(house, secret, name=["Leila"]),
    "unsigned": lambda house, secret: jwt.encode(
        {"sub": "customer-7", "aud": house.key, "exp": int(time.time()) + 60}, "", algorithm="none"
    ),
    "words": lambda house, secret: "customer-7",
    "nothing": lambda house, secret: "",
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_identity_opens_no_session(house: House, services: Services, secret: str, case: str) -> None:
    response = begin(house, BAD[case](house, secret))
    assert error(response) == (422, "invalid"), response.text
    assert "visitor.identity" in response.get_json()["error"]["fields"]
    with services.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM visitor_session")).scalar_one() == 0


def test_another_projects_secret_proves_nothing(house: House, other_house: House, secret: str) -> None:
    theirs = make(other_house)
    assert error(begin(house, signed(house, theirs))) == (422, "invalid")
    visit(other_house, signed(other_house, theirs))
    assert error(begin(other_house, signed(house, secret))) == (422, "invalid")


def test_without_a_secret_nothing_is_proven(house: House) -> None:
    assert error(begin(house, signed(house, "any secret that somebody has thought of"))) == (422, "invalid")


def test_a_replaced_secret_is_good_for_a_day(house: House, services: Services, secret: str) -> None:
    newer = make(house)
    assert newer != secret
    visit(house, signed(house, newer))
    visit(house, signed(house, secret))
    with services.database.begin() as connection:
        connection.execute(text("UPDATE identity_secret SET expires_at = expires_at - interval '1 day'"))
    visit(house, signed(house, newer))
    assert error(begin(house, signed(house, secret))) == (422, "invalid")


def test_ended_secrets_prove_nothing(house: House, secret: str) -> None:
    assert house.ada.get("/project/identity-secret").get_json()["exists"] is True
    assert house.ada.call("DELETE", "/project/identity-secret").status_code == 204
    assert error(begin(house, signed(house, secret))) == (422, "invalid")
    assert house.ada.get("/project/identity-secret").get_json()["exists"] is False


def test_it_is_sealed_and_told_once(house: House, services: Services) -> None:
    key = {"Idempotency-Key": "once"}
    first = house.ada.post("/project/identity-secret", {}, headers=key).get_json()["secret"]
    assert house.ada.post("/project/identity-secret", {}, headers=key).get_json()["secret"] == first
    assert first not in house.ada.get("/project/identity-secret").text
    assert first not in house.ada.get("/project").text
    with services.reading() as connection:
        kept = "SELECT string_agg(i::text, '') FROM identity_secret i UNION ALL SELECT string_agg(k::text, '') FROM {}"
        stored = str(connection.execute(text(kept.format("idempotency_key k"))).scalars().all())
    assert first not in stored
    assert first.encode().hex() not in stored
    assert error(house.ben.post("/project/identity-secret", {})) == (403, "forbidden")
    assert error(house.ben.call("DELETE", "/project/identity-secret")) == (403, "forbidden")


def test_the_page_shows_it_once(house: House, sit: Sit) -> None:
    ada = sit(house.ada)
    ada.open(PAGE)
    shown = ada.send(PAGE, to=f"{PAGE}/identity-secret").text
    assert "It is shown this once" in shown
    secret = shown.split('id="secret" value="')[1].split('"')[0]
    visitor = visit(house, signed(house, secret))
    assert secret not in ada.open(PAGE)
    ada.send(PAGE, to=f"{PAGE}/identity-secret/end")
    assert error(begin(house, signed(house, secret))) == (422, "invalid")
    assert words(visitor) == [], "a session that was open stays"


def test_it_is_written_down(house: House, services: Services, secret: str) -> None:
    house.ada.call("DELETE", "/project/identity-secret")
    with services.reading() as connection:
        entries = audit.listed(connection, house.project_id, audit.Wanted())
    assert [(entry["kind"], entry["actor_name"]) for entry in entries] == [
        ("identity_secrets_ended", "Ada"),
        ("identity_secret_made", "Ada"),
    ]
    assert secret not in str(entries)
