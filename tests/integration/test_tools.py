"""A project's own tools over the API: made, edited, tried, forgotten. The secret is seen nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text

from inbox import audit
from inbox.services import Services
from tests.integration.callers import House, error
from tests.integration.tooling import ASKING, SCHEMA, SECRET, allow, make, server, with_secret
from tests.tool_server import HOST, ToolServer
from tests.tool_server import says as tool_says

__all__ = ["server"]  # a fixture, used by its name


def test_create_and_read(house: House, server: ToolServer) -> None:
    made = with_secret(house, server)
    assert made.items() >= {
        "name": "order_status", "method": "POST", "parameters": SCHEMA, "header_name": "Authorization",
        "has_secret": True, "version": 1, "changed_by": "Ada",
    }.items()  # fmt: skip
    assert "header_value" not in made
    response = house.ben.get(f"/tools/{made['id']}")
    assert (response.get_json(), response.headers["ETag"]) == (made, '"1"')
    assert house.ben.get("/tools").get_json() == {"items": [made], "next_cursor": None}


def test_the_secret_is_sealed(house: House, server: ToolServer, services: Services) -> None:
    with_secret(house, server)
    with services.reading() as connection:
        (stored,) = connection.execute(text("SELECT header_value FROM http_tool")).scalars()
        row = connection.execute(text("SELECT http_tool::text FROM http_tool")).scalar_one()
    sealer = house.app.extensions["tandem"].sealer
    assert sealer.open(bytes(stored)) == SECRET
    assert "s3cr3t" not in row
    assert b"s3cr3t" not in bytes(stored)


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"name": "add_note"}, {"name"}), ({"name": "1"}, {"name"}), ({"name": " "}, {"name"}),
        ({"url": "https://other.example.com/"}, {"url"}), ({"url": "file:///etc/passwd"}, {"url"}),
        ({"parameters": {"type": "array"}}, {"parameters"}), ({"parameters": []}, {"parameters"}),
        ({"method": "DELETE"}, {"method"}), ({"description": "\x00"}, {"description"}),
        ({"header_name": "Host", "header_value": "x"}, {"header_name"}), ({"header_name": "X-Key"}, {"header_value"}),
        ({"header_value": "x"}, {"header_name"}), ({"header_name": "X-Key", "header_value": "a\nb"}, {"header_value"}),
    ],
)  # fmt: skip
def test_what_cannot_be_saved(house: House, server: ToolServer, given: dict[str, Any], fields: set[str]) -> None:
    allow(house)
    good = {"name": "order_status", "description": "Where it is.", "url": server.url(), "parameters": SCHEMA}
    response = house.ada.post("/tools", good | given)
    assert error(response) == (422, "invalid")
    assert set(response.get_json()["error"]["fields"]) == fields
    assert house.ada.get("/tools").get_json()["items"] == []


def test_names_are_the_projects_own(house: House, other_house: House, server: ToolServer) -> None:
    make(house, server)
    twice = house.ada.post("/tools", {"name": "order_status", "description": "x", "url": server.url()})
    assert error(twice) == (422, "invalid")
    assert "another tool" in twice.get_json()["error"]["fields"]["name"]
    other = make(house, server, name="other")
    renamed = house.ada.patch(f"/tools/{other['id']}", {"name": "order_status"})
    assert error(renamed) == (422, "invalid")
    make(other_house, server)


def test_edit(house: House, server: ToolServer) -> None:
    made = with_secret(house, server)
    path = f"/tools/{made['id']}"
    edited = house.ada.patch(path, {"description": "Where, by number."}, headers={"If-Match": '"1"'})
    assert edited.headers["ETag"] == '"2"'
    assert edited.get_json().items() >= {"description": "Where, by number.", "has_secret": True, "version": 2}.items()
    stale = house.ada.patch(path, {"description": "Stale"}, headers={"If-Match": '"1"'})
    assert error(stale) == (412, "stale_version")
    assert stale.get_json()["error"]["tool"] == edited.get_json()
    assert house.ada.patch(path, {"method": "POST"}).get_json()["version"] == 2, "what changes nothing adds no version"
    without = house.ada.patch(path, {"header_name": None}).get_json()
    assert (without["has_secret"], without["header_name"], without["version"]) == (False, None, 3)
    again = house.ada.patch(path, {"header_name": "X-Key"})
    assert set(again.get_json()["error"]["fields"]) == {"header_value"}, "the secret was forgotten"


def test_the_log_says_who_did_what_and_no_secret(house: House, server: ToolServer, services: Services) -> None:
    path = f"/tools/{with_secret(house, server)['id']}"
    house.ada.patch(path, {"description": "Where, by number.", "header_value": "s3cr3t-too"})
    house.ada.call("DELETE", path)
    house.ada.call("DELETE", f"/tool-hosts/{allow(house)['id']}")
    with services.reading() as connection:
        rows = audit.listed(connection, house.project_id, audit.Wanted())[::-1]
    assert [(row["kind"], row["subject"], row["actor_name"]) for row in rows] == [
        ("tool_host_added", HOST, "Ada"), ("tool_created", "order_status", "Ada"),
        ("tool_changed", "order_status", "Ada"), ("tool_deleted", "order_status", "Ada"),
        ("tool_host_removed", HOST, "Ada"),
    ]  # fmt: skip
    description = {"from": "Where it is.", "to": "Where, by number."}
    assert rows[2]["data"] == {"changed": {"description": description, "header_value": "entered anew"}}
    assert "s3cr3t" not in str(rows)


@pytest.mark.parametrize("elsewhere", [f"https://{HOST}/x", f"http://{HOST}:81/x", "http://elsewhere.example/x"])
def test_a_secret_never_follows_to_another_server(house: House, server: ToolServer, elsewhere: str) -> None:
    """Who points a tool elsewhere, perhaps at a server of theirs, must know its secret."""
    made = with_secret(house, server)
    allow(house, "elsewhere.example")
    path = f"/tools/{made['id']}"
    refused = house.ada.patch(path, {"url": elsewhere})
    assert set(refused.get_json()["error"]["fields"]) == {"header_value"}
    assert house.ada.patch(path, {"url": server.url("/other")}).status_code == 200, "the same server"
    assert house.ada.patch(path, {"url": elsewhere, "header_value": "known"}).status_code == 200
    assert house.ada.patch(path, {"url": server.url(), "header_name": None}).status_code == 200


def test_delete(house: House, server: ToolServer) -> None:
    made = make(house, server)
    path = f"/tools/{made['id']}"
    assert error(house.ada.call("DELETE", path, headers={"If-Match": '"7"'})) == (412, "stale_version")
    assert house.ada.call("DELETE", path).status_code == 204
    assert error(house.ada.get(path)) == (404, "not_found")


def test_hosts(house: House, server: ToolServer) -> None:
    made = allow(house, " API.Example.com. ")
    assert (made["host"], made["added_by"]) == (HOST, "Ada")
    assert allow(house)["id"] == made["id"], "twice is once"
    for bad in ("https://api.example.com", "a b", ""):
        refused = house.ada.post("/tool-hosts", {"host": bad})
        assert set(refused.get_json()["error"]["fields"]) == {"host"}
    assert [one["host"] for one in house.ben.get("/tool-hosts").get_json()["items"]] == [HOST]
    assert house.ada.call("DELETE", f"/tool-hosts/{made['id']}").status_code == 204
    assert house.ben.get("/tool-hosts").get_json()["items"] == []
    for number in range(50):
        allow(house, f"h{number}.example.com")
    assert "more than 50" in house.ada.post("/tool-hosts", {"host": HOST}).get_json()["error"]["fields"]["host"]


def test_only_managers_change_and_try(house: House, server: ToolServer) -> None:
    made = make(house, server)
    path = f"/tools/{made['id']}"
    for refused in (
        house.ben.post("/tools", {"name": "x", "description": "x", "url": server.url()}),
        house.ben.patch(path, {"description": "x"}),
        house.ben.call("DELETE", path),
        house.ben.post(path + "/try", {"arguments": {"order": "1"}}),
        house.ben.post("/tool-hosts", {"host": "x.example"}),
    ):
        assert error(refused) == (403, "forbidden")
    assert server.came == []


def test_a_manager_tries_a_tool(house: House, server: ToolServer) -> None:
    made = with_secret(house, server)
    path = f"/tools/{made['id']}/try"
    tried = house.ada.post(path, {"arguments": {"order": "A 12"}}).get_json()
    assert (tried["answer"], tried["failure"]) == ("It left today.", None)
    assert tried["milliseconds"] > 0
    assert server.came[0].arguments == {"order": "A 12"}
    assert server.came[0].headers["authorization"] == SECRET
    server.answering = tool_says("no such order, s3cr3t-canary", 404)
    tried = house.ada.post(path, {"arguments": {"order": "A 13"}}).get_json()
    assert (tried["answer"], tried["failure"]) == ("no such order, •••", "its server answered 404")
    bad = house.ada.post(path, {"arguments": {"number": 1}})
    assert error(bad) == (422, "invalid")
    assert bad.get_json()["error"]["fields"]["arguments"] == "order is missing"
    assert len(server.came) == 2
    latest = house.ada.get("/audit").get_json()["items"][0]
    assert (latest["kind"], latest["subject"]) == ("tool_tried", made["name"])


def test_a_host_taken_off_the_list_is_called_no_more(house: House, server: ToolServer) -> None:
    made = make(house, server)
    host = house.ada.get("/tool-hosts").get_json()["items"][0]
    house.ada.call("DELETE", f"/tool-hosts/{host['id']}")
    tried = house.ada.post(f"/tools/{made['id']}/try", {"arguments": {"order": "1"}}).get_json()
    assert tried["failure"] == "its host is not on the project's list of hosts"
    assert server.came == []


def test_another_projects_tools_are_out_of_reach(house: House, other_house: House, server: ToolServer) -> None:
    """Not over the API, not in a workflow, not by its secret: nothing of them is there."""
    made = with_secret(house, server)
    assert other_house.ada.get("/tools").get_json()["items"] == []
    assert other_house.ada.get("/tool-hosts").get_json()["items"] == []
    path = f"/tools/{made['id']}"
    for response in (
        other_house.ada.get(path),
        other_house.ada.patch(path, {"description": "x"}),
        other_house.ada.call("DELETE", path),
        other_house.ada.post(path + "/try", {"arguments": {"order": "1"}}),
    ):
        assert error(response) == (404, "not_found")
    refused = other_house.ada.call("PUT", "/workflow", json=ASKING)
    assert refused.get_json()["error"]["problems"][0]["code"] == "unknown_tool"
    assert house.ada.call("PUT", "/workflow", json=ASKING).status_code == 200
    assert server.came == []
