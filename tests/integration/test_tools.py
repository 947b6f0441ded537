"""A project's own tools over the API and on their pages, and a turn that calls one. The secret is seen nowhere."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from inbox import audit
from inbox.services import Services
from inbox.settings import Settings
from jobs import turn as turns
from jobs.context import Context
from jobs.workshop import LocalWorkshop
from tests.conftest import ListQueue
from tests.integration.callers import Caller, House, error
from tests.integration.reader import Reader, shown
from tests.model_server import ModelServer, calls, says
from tests.tool_server import HOST, ToolServer
from tests.tool_server import says as tool_says

Sit = Callable[[Caller], Reader]
PAGE = "/settings/tools"
SECRET = "Bearer s3cr3t-canary"
SCHEMA = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}


@pytest.fixture
def server(app: Flask, services: Services, settings: Settings) -> Iterator[ToolServer]:
    """A server that HOST leads to, for the application's trials."""
    with ToolServer() as server:
        wired = app.extensions["tandem"]
        workshop = LocalWorkshop(services.database, settings, server.network)
        app.extensions["tandem"] = replace(wired, workshop=workshop)
        yield server


@pytest.fixture
def worker(worker: Context, server: ToolServer) -> Context:
    """A worker whose tools reach the server."""
    return replace(worker, network=server.network)


def allow(house: House, host: str = HOST) -> dict[str, Any]:
    response = house.ada.post("/tool-hosts", {"host": host})
    assert response.status_code == 201, response.text
    return dict(response.get_json())


def make(house: House, server: ToolServer, **more: Any) -> dict[str, Any]:
    allow(house)
    given = {"name": "order_status", "description": "Where it is.", "url": server.url(), "parameters": SCHEMA, **more}
    response = house.ada.post("/tools", given)
    assert response.status_code == 201, response.text
    return dict(response.get_json())


def with_secret(house: House, server: ToolServer, **more: Any) -> dict[str, Any]:
    return make(house, server, header_name="Authorization", header_value=SECRET, **more)


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


def test_try(house: House, server: ToolServer) -> None:
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
    assert "'order' is a required property" in bad.get_json()["error"]["fields"]["arguments"]
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


ASKING = {
    "nodes": [
        {"id": "start", "type": "start"},
        {"id": "answer", "type": "llm", "data": {"prompt": "Answer with what the tool says."}},
    ],
    "edges": [{"source": "start", "target": "answer"}],
    "globalTools": [{"name": "order_status", "enabled": True, "instruction": "when they ask where it is"}],
}  # fmt: skip


def asked(house: House, turn_queue: ListQueue, worker: Context, words: str = "Where is A 12?") -> Caller:
    """A visitor asks and the turn runs."""
    assert house.ada.call("PUT", "/workflow", json=ASKING).status_code == 200
    house.ada.patch("/project", {"mode": "orchestrator"})
    visitor = house.visit(words)
    turns.run(worker, turn_queue.turns[-1])
    return visitor


def everything(house: House, visitor: Caller) -> str:
    """All that the API tells of a conversation and its project."""
    at = f"/conversations/{visitor.conversation_id}"
    paths = ["/tools", "/tool-hosts", "/project", "/workflow", at]
    paths += [f"{at}/{part}" for part in ("messages", "turns", "timeline", "drafts")]
    return "\n".join(house.ada.get(path).text for path in paths)


def test_a_turn_asks_a_tool(
    house: House,
    server: ToolServer,
    worker: Context,
    model_server: ModelServer,
    turn_queue: ListQueue,
    services: Services,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Asked while thinking, told to the model, written down; the secret reaches the server and nobody else."""
    caplog.set_level(logging.DEBUG)
    with_secret(house, server)
    server.answering = tool_says('{"status": "at the depot", "you": "Bearer s3cr3t-canary"}')
    model_server.script(calls("order_status", {"order": "A 12"}), says("It is at the depot."))
    visitor = asked(house, turn_queue, worker)
    (came,) = server.came
    assert came.headers["authorization"] == SECRET
    ids = {name: int(came.headers[f"tandem-{name}-id"]) for name in ("project", "conversation")}
    assert ids == {"project": house.project_id, "conversation": visitor.conversation_id}
    assert "at the depot" in model_server.asked[1].body["messages"][-1]["content"]
    at = f"/conversations/{visitor.conversation_id}"
    (turn,) = house.ada.get(f"{at}/turns").get_json()["items"]
    (run,) = turn["tool_calls"]
    assert (turn["status"], run["tool"], run["arguments"], run["failure"], run["node_id"]) == (
        "landed", "order_status", {"order": "A 12"}, None, "answer",
    )  # fmt: skip
    told = [one["text"] for one in house.ada.get(f"{at}/timeline").get_json()["items"]]
    assert "AI asked order_status for A 12" in told
    assert house.ben.get(f"{at}/messages").get_json()["items"][-1]["content"] == "It is at the depot."
    with services.reading() as connection:
        stored = "\n".join(
            str(row)
            for table in (
                "message",
                "timeline_event",
                "turn",
                "change",
                "http_tool",
                "workflow",
                "idempotency_key",
                "audit_entry",
            )
            for row in connection.execute(text(f"SELECT {table}::text FROM {table}")).scalars()
        )
    sent = "\n".join(one.text for one in model_server.asked)
    for place in (sent, everything(house, visitor), stored, caplog.text, visitor.get("/widget/messages").text):
        assert "s3cr3t" not in place
    assert server.url() not in sent


def test_a_tool_that_fails_is_told_and_the_turn_goes_on(
    house: House, server: ToolServer, worker: Context, model_server: ModelServer, turn_queue: ListQueue
) -> None:
    make(house, server)
    server.answering = tool_says("we are down", 503)
    model_server.script(calls("order_status", {"order": "A 12"}), says("I cannot look that up now."))
    visitor = asked(house, turn_queue, worker)
    assert "its server answered 503. It said: we are down" in model_server.asked[1].body["messages"][-1]["content"]
    at = f"/conversations/{visitor.conversation_id}"
    assert house.ada.get(f"{at}/turns").get_json()["items"][0]["status"] == "landed"
    told = [one["text"] for one in house.ada.get(f"{at}/timeline").get_json()["items"]]
    assert "AI asked order_status for A 12; it failed, because its server answered 503" in told


def test_wrong_arguments_call_nobody(
    house: House, server: ToolServer, worker: Context, model_server: ModelServer, turn_queue: ListQueue
) -> None:
    make(house, server)
    model_server.script(calls("order_status", {"number": 12}), says("Which order?"))
    asked(house, turn_queue, worker)
    assert "'order' is a required property" in model_server.asked[1].body["messages"][-1]["content"]
    assert server.came == []


def test_a_tool_of_another_project_is_not_called(
    house: House, other_house: House, server: ToolServer, worker: Context, model_server: ModelServer,
    turn_queue: ListQueue, services: Services,
) -> None:  # fmt: skip
    """A workflow that names it all the same, as one may once the tool was deleted, finds nothing."""
    made = make(house, server)
    make(other_house, server)
    with services.database.begin() as connection:
        connection.execute(text("DELETE FROM http_tool WHERE project_id = :id"), {"id": house.project_id})
    assert made["id"]
    with services.database.begin() as connection:
        put = text("INSERT INTO workflow (project_id, version, definition) VALUES (:id, 1, CAST(:flow AS jsonb))")
        connection.execute(put, {"id": house.project_id, "flow": json.dumps(ASKING)})
        use = text("UPDATE project SET workflow_version = 1, mode = 'orchestrator' WHERE id = :id")
        connection.execute(use, {"id": house.project_id})
    model_server.script(calls("order_status", {"order": "1"}), says("I cannot look."))
    house.visit("Where is it?")
    turns.run(worker, turn_queue.turns[-1])
    assert "order_status" not in json.dumps(model_server.asked[0].body.get("tools", []))
    assert server.came == []


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
    assert "is a required property" in shown(ada.send(path, {"arguments": "{}"}, to=f"{path}/try").text)
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


def test_agents_read(house: House, server: ToolServer, sit: Sit) -> None:
    made = with_secret(house, server)
    ben = sit(house.ben)
    assert "order_status" in shown(ben.open(PAGE))
    assert ben.forms == {}
    page = ben.open(f"{PAGE}/{made['id']}")
    assert "Only managers change tools." in shown(page)
    assert set(ben.forms[f"{PAGE}/{made['id']}"]) == {"csrf_token", "version"}
