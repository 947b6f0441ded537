"""The pages of a project's own tools: made, tried, edited beside a colleague and deleted, without a script."""

from __future__ import annotations

import json

from tests.integration.callers import House
from tests.integration.reader import Sit, shown
from tests.integration.tooling import SCHEMA, SECRET, make, server, with_secret
from tests.tool_server import HOST, ToolServer

__all__ = ["server"]  # a fixture, used by its name

PAGE = "/settings/tools"


def test_the_pages(house: House, server: ToolServer, sit: Sit) -> None:
    """Allow a host, make a tool, try it, edit it, delete it, without a script."""
    ada = sit(house.ada)
    assert "No tools yet" in shown(ada.open(PAGE))
    refused = ada.send(PAGE, {"host": f"https://{HOST}/x"}, to=f"{PAGE}/hosts")
    assert refused.status_code == 422
    assert "is no host, such as api.example.com" in shown(refused.text)
    assert ada.send(PAGE, {"host": HOST}, to=f"{PAGE}/hosts").status_code == 302
    ada.open(f"{PAGE}/new")
    typed = {
        "name": "order_status", "description": "Where it is.", "url": server.url(), "parameters": "{", "method": "POST",
        "header_name": "Authorization", "header_value": SECRET,
    }  # fmt: skip
    wrong = ada.send(PAGE, typed, to=PAGE)
    assert wrong.status_code == 422
    assert "The schema is no JSON" in shown(wrong.text)
    assert ada.forms[PAGE]["name"] == "order_status"
    assert "s3cr3t" not in wrong.text
    assert "The secret must be typed again; no page holds it" in shown(wrong.text)
    made = ada.send(PAGE, {"parameters": json.dumps(SCHEMA), "header_value": SECRET}, to=PAGE)
    assert made.status_code == 302
    path = made.headers["Location"]
    page = ada.open(path)
    assert "One is stored, and is never shown." in shown(page)
    assert json.loads(ada.forms[f"{path}/try"]["arguments"]) == {"order": ""}
    tried = ada.send(path, {"arguments": '{"order": "<b>12"}'}, to=f"{path}/try")
    assert "It answered." in shown(tried.text)
    assert "It left today." in tried.text
    assert server.came[-1].headers["authorization"] == SECRET
    assert "The arguments: order is missing" in shown(ada.send(path, {"arguments": "{}"}, to=f"{path}/try").text)
    ada.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "vi"
    assert "Tham số: thiếu order" in shown(ada.send(path, {"arguments": "{}"}, to=f"{path}/try").text)
    del ada.client.environ_base["HTTP_ACCEPT_LANGUAGE"]
    ada.open(path)
    assert ada.send(path, {"description": "Where, by number."}, to=path).status_code == 302
    assert "Saved." in ada.open(path)
    listed = shown(ada.open(PAGE))
    assert "Where, by number." in listed
    assert f"POST {HOST} · with a secret" in listed
    host = house.ada.get("/tool-hosts").get_json()["items"][0]
    assert ada.send(PAGE, to=f"{PAGE}/hosts/{host['id']}/delete").status_code == 302
    assert "is not on the list below, so every call fails." in shown(ada.open(PAGE))
    ada.open(path)
    assert ada.send(path, to=f"{path}/delete").status_code == 302
    assert "The tool and its secret are deleted." in shown(ada.open(PAGE))


def test_an_internal_host_is_told(house: House, sit: Sit) -> None:
    ada = sit(house.ada)
    ada.open("/settings/tools")
    ada.send("/settings/tools", {"host": "10.1.2.3"}, to="/settings/tools/hosts")
    page = ada.open("/settings/tools")
    assert "internal, so it is not called" in page
    assert "Tools may call 10.1.2.3 from now on." not in page
    tool = {"name": "orders", "description": "Orders.", "url": "https://10.1.2.3/orders"}
    number = house.ada.post("/tools", tool).get_json()["id"]
    assert "It is not called: its address is an internal one." in ada.open(f"/settings/tools/{number}")
    house.ada.post("/tool-hosts", {"host": "shop.example"})
    ada.open("/settings/tools")
    ada.send("/settings/tools", {"host": "api.shop.example"}, to="/settings/tools/hosts")
    assert "Tools may call api.shop.example from now on." in ada.open("/settings/tools")


def test_two_managers_at_one_tool(house: House, server: ToolServer, sit: Sit) -> None:
    path = f"{PAGE}/{make(house, server)['id']}"
    one, two = sit(house.ada), sit(house.ada)
    one.open(path), two.open(path)
    assert one.send(path, {"description": "Theirs."}, to=path).status_code == 302
    overtaken = two.send(path, {"description": "Mine."}, to=path)
    assert overtaken.status_code == 409
    assert "Ada was faster." in shown(overtaken.text)
    assert "Theirs." in shown(overtaken.text)
    assert two.forms[path]["description"] == "Mine."
    assert two.send(path, to=path).status_code == 302
    assert house.ada.get("/tools").get_json()["items"][0]["description"] == "Mine."


def test_words_for_a_deleted_tool_are_kept(house: House, server: ToolServer, sit: Sit) -> None:
    made = with_secret(house, server)
    path = f"{PAGE}/{made['id']}"
    ada = sit(house.ada)
    ada.open(path)
    house.ada.call("DELETE", f"/tools/{made['id']}")
    answer = ada.send(path, {"description": "Mine.", "header_value": SECRET}, to=path)
    assert answer.status_code == 409
    assert "Somebody deleted this tool" in shown(answer.text)
    assert "The secret must be typed again" in shown(answer.text)
    assert ada.forms[PAGE].items() >= {"description": "Mine.", "header_value": ""}.items()


def test_agents_read(house: House, server: ToolServer, sit: Sit) -> None:
    made = with_secret(house, server)
    ben = sit(house.ben)
    assert "order_status" in shown(ben.open(PAGE))
    assert ben.forms == {}
    page = ben.open(f"{PAGE}/{made['id']}")
    assert "Only managers change tools." in shown(page)
    assert set(ben.forms[f"{PAGE}/{made['id']}"]) == {"csrf_token", "version"}
