"""A trial of a draft: each step with its prompt and decision, no row written, no connection held while it thinks."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from app import create_app
from inbox.services import Services
from inbox.settings import Settings
from tests.conftest import InBackground
from tests.integration.callers import Caller, House, error
from tests.integration.test_api_workflow import GOOD, put
from tests.model_server import ModelServer, calls, says

NOTE = {"id": "note", "type": "action", "data": {"toolName": "add_note", "toolArgs": {"content": "x"}}}
WITH_NOTE = {
    **GOOD,
    "nodes": [*GOOD["nodes"], NOTE],
    "edges": [
        {"source": "start", "target": "note"},
        {"source": "note", "target": "ask"},
        *GOOD["edges"][1:],
    ],
}  # fmt: skip


@pytest.fixture
def app(with_model: Settings, services: Services) -> Any:
    """The application, connected to the model that can be held."""
    app = create_app(with_model, services)
    yield app
    app.extensions["tandem"].hub.close()


def rows(services: Services) -> dict[str, int]:
    """How many rows each table holds, and how often rows were written at all."""
    with services.reading() as connection:
        names = connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).scalars().all()
        return {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}


def written(services: Services) -> int:
    """The database's own count of transactions that wrote: a transaction id is drawn by nothing else."""
    with services.reading() as connection:
        return int(
            connection.execute(text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")).scalar_one()
        )


def test_each_step_is_shown_and_nothing_lands(
    house: House, model_server: ModelServer, services: Services, with_model: Settings
) -> None:
    assert put(house.ada, GOOD).status_code == 200
    before, transactions = rows(services), written(services)
    model_server.script(calls("route_decision", {"path": "yes"}), says("It ships tomorrow."))
    answer = house.ada.post("/workflow/try", {"message": "Where is my order?", "workflow": WITH_NOTE})
    assert answer.status_code == 200
    tried = answer.get_json()
    assert [(step["node_id"], step["type"], step["route"]) for step in tried["steps"]] == [
        ("note", "action", None), ("ask", "condition", "yes"), ("order", "llm", None),
    ]  # fmt: skip
    asked = tried["steps"][1]["calls"][0]
    assert "Is it about an order?" in asked["messages"][0]["content"]
    assert asked["messages"][-1] == {"role": "user", "content": "Where is my order?"}
    assert (asked["tools"], asked["calls"]) == (
        ["route_decision"], [{"name": "route_decision", "arguments": '{"path": "yes"}'}],
    )  # fmt: skip
    assert (tried["reply"], tried["hand_off"], tried["next_node_id"]) == ("It ships tomorrow.", None, None)
    assert tried["wishes"] == [{"tool": "add_note", "arguments": {"content": "x"}}]
    assert rows(services) == before
    assert written(services) == transactions


def test_a_stop_is_shown_at_its_step(house: House, model_server: ModelServer) -> None:
    model_server.script(says("Perhaps."), calls("route_decision", {"path": "maybe"}))
    tried = house.ada.post("/workflow/try", {"message": "Hm?", "workflow": GOOD}).get_json()
    assert (tried["hand_off"], [step["node_id"] for step in tried["steps"]]) == ("bad_decision", ["ask"])
    assert len(tried["steps"][0]["calls"]) == 2
    assert "nothing else is read" in tried["steps"][0]["calls"][1]["messages"][-1]["content"]


def test_no_connection_is_held_while_the_model_thinks(
    house: House, model_server: ModelServer, services: Services, in_background: InBackground
) -> None:
    pool = services.database.pool
    model_server.hold()
    trial = in_background(house.ada.post, "/workflow/try", {"message": "Hello?", "workflow": GOOD})
    model_server.wait_until_asked(1)
    assert pool.checkedout() == 0  # type: ignore[attr-defined]  # the queue pool has it
    model_server.release()
    assert trial.result().status_code == 200


def test_few_trials_run_at_once(
    app: Flask, house: House, model_server: ModelServer, in_background: InBackground
) -> None:
    model_server.hold()
    wanted = {"message": "Hello?", "workflow": GOOD}
    running = [in_background(house.ada.post, "/workflow/try", wanted) for _ in range(4)]
    model_server.wait_until_asked(4)
    refused = house.ada.post("/workflow/try", wanted)
    assert error(refused) == (503, "unavailable")
    assert refused.headers["Retry-After"]
    model_server.release()
    assert [one.result().status_code for one in running] == [200] * 4
    assert house.ada.post("/workflow/try", wanted).status_code == 200


def test_what_cannot_be_tried(house: House, model_server: ModelServer) -> None:
    assert error(house.ada.post("/workflow/try", {"message": "Hi"})) == (404, "not_found")
    assert error(house.ada.post("/workflow/try", {"message": "Hi", "workflow": {"nodes": []}})) == (
        422,
        "invalid_workflow",
    )
    assert error(house.ada.post("/workflow/try", {"message": " ", "workflow": GOOD})) == (422, "invalid")
    assert error(house.ben.post("/workflow/try", {"message": "Hi", "workflow": GOOD})) == (403, "forbidden")
    assert error(Caller(house.app).post("/workflow/try", {"message": "Hi"})) == (401, "unauthorized")
    assert model_server.asked == []
    put(house.ada, GOOD)
    assert house.ada.post("/workflow/try", {"message": "Hi"}).status_code == 200  # the saved one
