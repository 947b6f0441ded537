"""The team over the API and on its page: roles, leaving, invitations, several projects."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import text

from inbox import audit
from inbox.audit import Wanted
from inbox.passwords import hash_password
from inbox.services import Services
from tests.integration.callers import House, error
from tests.integration.reader import Sit, shown

PAGE = "/settings/members"


def kinds(services: Services, house: House) -> list[str]:
    with services.reading() as connection:
        return [row["kind"] for row in audit.listed(connection, house.project_id, Wanted())]


def test_members_and_roles(house: House, services: Services) -> None:
    people = house.ben.get("/members").get_json()["items"]
    assert [(one["name"], one["role"]) for one in people] == [("Ada", "manager"), ("Ben", "agent")]
    assert error(house.ben.patch(f"/members/{house.ben.id}", {"role": "manager"})) == (403, "forbidden")
    assert error(house.ada.patch(f"/members/{house.ada.id}", {"role": "agent"})) == (409, "last_manager")
    assert house.ada.patch(f"/members/{house.ada.id}", {"role": "manager"}).status_code == 200, "as they are"
    assert error(house.ada.patch(f"/members/{house.ben.id}", {"role": "owner"})) == (422, "invalid")
    assert house.ada.patch(f"/members/{house.ben.id}", {"role": "manager"}).get_json()["role"] == "manager"
    assert house.ada.patch(f"/members/{house.ada.id}", {"role": "agent"}).status_code == 200
    assert error(house.ada.patch(f"/members/{house.ben.id}", {"role": "agent"})) == (403, "forbidden")
    assert kinds(services, house) == ["role_changed", "role_changed"]


def test_the_last_manager_stays(house: House) -> None:
    assert error(house.ada.call("DELETE", f"/members/{house.ada.id}")) == (409, "last_manager")
    assert house.ada.get("/me").status_code == 200


def test_whoever_is_removed_is_out_at_once(house: House, services: Services, sit: Sit) -> None:
    """Session and token end; each conversation is unassigned in one write of its own, which its timeline tells."""
    ben = sit(house.ben)
    visitors = [house.visit("Hello") for _ in range(3)]
    paths = [f"/conversations/{visitor.conversation_id}" for visitor in visitors]
    for path in paths[:2]:
        house.ada.patch(path, {"assignee_id": house.ben.id})
    before = [house.ada.get(path).get_json() for path in paths]
    assert ben.client.get("/").status_code == 200
    assert house.ada.call("DELETE", f"/members/{house.ben.id}").status_code == 204
    assert house.ben.get("/me").status_code == 401
    assert ben.client.get("/").status_code == 302
    after = [house.ada.get(path).get_json() for path in paths]
    assert [one["assignee_id"] for one in after] == [None] * 3
    grown = [
        (new["version"] - old["version"], new["epoch"] - old["epoch"]) for old, new in zip(before, after, strict=True)
    ]
    assert grown == [(1, 1), (1, 1), (0, 0)]
    for path, conversation in zip(paths[:2], after, strict=False):
        entry = house.ada.get(f"{path}/timeline").get_json()["items"][-1]
        assert (entry["kind"], entry["version"]) == ("unassigned", conversation["version"])
        assert entry["text"] == "Ada took Ben out of the team, so it is assigned to nobody"
        with services.reading() as connection:
            body = connection.execute(
                text("SELECT body FROM change WHERE conversation_id = :id ORDER BY id DESC LIMIT 1"),
                {"id": conversation["id"]},
            ).scalar_one()
        assert [one["id"] for one in body["entries"]] == [entry["id"]], "each stream is told of its own entry only"
        assert body["conversation"]["version"] == conversation["version"]
    assert kinds(services, house)[0] == "member_removed"


def test_another_project_of_theirs_stays(app: Flask, house: House, services: Services) -> None:
    other = House.build(app, services, "Other")
    with services.database.begin() as connection:
        connection.execute(
            text("INSERT INTO membership (project_id, agent_id) VALUES (:p, :a)"),
            {"p": house.project_id, "a": other.ben.id},
        )
    conversation = house.visit("Hello").conversation_id
    foreign = other.visit("Hello").conversation_id
    house.ada.patch(f"/conversations/{conversation}", {"assignee_id": other.ben.id})
    other.ada.patch(f"/conversations/{foreign}", {"assignee_id": other.ben.id})
    assert house.ada.call("DELETE", f"/members/{other.ben.id}").status_code == 204
    assert other.ben.get("/me").status_code == 200
    assert other.ada.get(f"/conversations/{foreign}").get_json()["assignee_id"] == other.ben.id
    assert house.ada.get(f"/conversations/{conversation}").get_json()["assignee_id"] is None


def test_an_invitation_from_end_to_end(house: House, app: Flask, services: Services) -> None:
    made = house.ada.post("/invitations", {"email": "lan@example.com", "role": "manager"}).get_json()
    with services.reading() as connection:
        kept = connection.execute(text("SELECT i::text FROM invitation i")).scalar_one()
    token = made["link"].rpartition("/")[2]
    assert token not in kept
    client = app.test_client()
    page = client.get(f"/join/{token}").text
    assert "Join House" in shown(page)
    form = {"csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', page)[0], "name": "Lan", "password": "short"}
    assert client.post(f"/join/{token}", data=form).status_code == 422
    response = client.post(f"/join/{token}", data={**form, "password": "long enough, I think"})
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert client.get("/").status_code == 200
    assert client.get(f"/join/{token}").status_code == 404, "once"
    people = house.ada.get("/members").get_json()["items"]
    assert ("Lan", "manager") in [(one["name"], one["role"]) for one in people]
    assert house.ada.get("/invitations").get_json()["items"] == []
    assert kinds(services, house) == ["signed_in", "joined", "invited"]


def test_links_that_are_over(house: House, app: Flask, services: Services) -> None:
    def link(email: str) -> str:
        made: dict[str, str] = house.ada.post("/invitations", {"email": email}).get_json()
        return "/join/" + made["link"].rpartition("/")[2]

    first, second = link("lan@example.com"), link("LAN@example.com")
    client = app.test_client()
    assert [client.get(one).status_code for one in (first, second)] == [404, 200], "the newest is the one"
    number = house.ada.get("/invitations").get_json()["items"][0]["id"]
    assert house.ada.call("DELETE", f"/invitations/{number}").status_code == 204
    assert client.get(second).status_code == 404
    assert error(house.ada.call("DELETE", f"/invitations/{number}")) == (404, "not_found")
    third = link("lan@example.com")
    with services.database.begin() as connection:
        connection.execute(text("UPDATE invitation SET expires_at = clock_timestamp()"))
    assert client.get(third).status_code == 404


@pytest.mark.parametrize("email", ["", "lan", "lan@", "a@b\x00.c", "@example.com"])
def test_what_is_no_address(house: House, email: str) -> None:
    assert error(house.ada.post("/invitations", {"email": email})) == (422, "invalid")


def test_the_same_key_gives_the_same_link(house: House) -> None:
    key = {"Idempotency-Key": "one"}
    one, two = (house.ada.post("/invitations", {"email": "lan@example.com"}, headers=key) for _ in range(2))
    assert one.get_json() == two.get_json()
    assert two.headers["Idempotency-Replayed"] == "true"


def test_an_agent_of_another_project_joins_and_switches(
    house: House, other_house: House, app: Flask, sit: Sit, services: Services
) -> None:
    with services.database.begin() as connection:
        statement = text("SELECT email FROM agent WHERE id = :id")
        email = connection.execute(statement, {"id": other_house.ben.id}).scalar_one()
        connection.execute(
            text("UPDATE agent SET password_hash = :hash WHERE id = :id"),
            {"hash": hash_password("ben's own"), "id": other_house.ben.id},
        )
    path = "/join/" + house.ada.post("/invitations", {"email": email}).get_json()["link"].rpartition("/")[2]
    client = app.test_client()
    page = client.get(path).text
    assert "You have an account already." in shown(page)
    form = {"csrf_token": re.findall(r'name="csrf_token" value="([^"]+)"', page)[0], "password": "a guess, I guess"}
    assert client.post(path, data=form).status_code == 422
    assert client.post(path, data={**form, "password": "ben's own"}).status_code == 302
    assert "House" in client.get("/").text
    page = client.get("/").text
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
    client.post("/account/project", data={"csrf_token": token, "project": other_house.project_id})
    assert f'<option value="{other_house.project_id}" selected>' in client.get("/").text
    stranger = House.build(app, services, "Third")
    client.post("/account/project", data={"csrf_token": token, "project": stranger.project_id})
    page = client.get("/").text
    assert "You are not a member of that project any more." in page
    assert f'<option value="{other_house.project_id}" selected>' in page


def test_the_page(house: House, sit: Sit) -> None:
    ada, ben = sit(house.ada), sit(house.ben)
    assert "Only managers change the team." in shown(ben.open(PAGE))
    assert ben.forms == {}
    ada.open(PAGE)
    told = ada.send(PAGE, {"role": "manager"}, to=f"{PAGE}/{house.ben.id}/role")
    assert told.status_code == 302
    assert "Ben is a manager now." in shown(ada.open(PAGE))
    told = ada.send(PAGE, {"email": "nobody"}, to=f"{PAGE}/invite")
    assert told.status_code == 422
    told = ada.send(PAGE, {"email": "lan@example.com"}, to=f"{PAGE}/invite")
    assert "/join/" in told.text
    assert "/join/" not in ada.open(PAGE), "once"
    assert "lan@example.com" in ada.open(PAGE)
    ada.send(PAGE, {}, to=f"{PAGE}/{house.ada.id}/remove")
    assert house.ada.get("/me").status_code == 401
    ben.open(PAGE)
    told = ben.send(PAGE, {}, to=f"{PAGE}/{house.ben.id}/remove")
    assert told.status_code == 409
    assert "A project needs a manager." in shown(told.text)
