"""A turn asks a project's own tool: it is told and written down, and the secret reaches the tool's server only."""

from __future__ import annotations

import json
import logging

import pytest
from sqlalchemy import text

from inbox.services import Services
from jobs import turn as turns
from jobs.context import Context
from tests.conftest import ListQueue
from tests.integration.callers import Caller, House
from tests.integration.tooling import ASKING, SECRET, make, server, with_secret, worker
from tests.model_server import ModelServer, calls, says
from tests.tool_server import ToolServer
from tests.tool_server import says as tool_says

__all__ = ["server", "worker"]  # fixtures, used by their names


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
