"""What a model must never be sent: canaries in every place that is not the visitor's own conversation.

All requests that reach the model's server are searched, in every mode and at every kind of node.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from inbox.services import Services
from jobs import turn as turns
from jobs.context import Context
from tests.conftest import ListQueue
from tests.integration.callers import House
from tests.model_server import Asked, ModelServer, call, sensible

CANARY = "xyzzy"
EVERY_NODE: dict[str, Any] = {
    "nodes": [
        {"id": "start", "type": "start"},
        {"id": "ask", "type": "condition", "data": {"prompt": "Is it about {{visitor.name}}?"}},
        {"id": "choose", "type": "switch", "data": {"cases": [{"route": "a", "when": "it is"}], "prompt": "Which?"}},
        {"id": "note", "type": "action", "data": {"toolName": "add_note", "toolArgs": {"content": "By the AI."}}},
        {"id": "tell", "type": "action", "data": {"toolName": "add_label", "prompt": "Label it."}},
        {"id": "speak", "type": "llm", "data": {"prompt": "Help {{visitor.name|them}} of {{project.name}}."}},
    ],
    "edges": [
        {"source": "start", "target": "ask"},
        {"source": "ask", "target": "choose", "sourceHandle": "ask-yes"},
        {"source": "ask", "target": "choose", "sourceHandle": "ask-no"},
        {"source": "choose", "target": "note", "sourceHandle": "choose-default"},
        {"source": "note", "target": "tell"},
        {"source": "tell", "target": "speak"},
    ],
    "globalTools": ["search_knowledge", "order_status", "set_status"],
    "instructions": "Be kind to {{visitor.name}}.",
}


def hide(house: House, other_house: House, services: Services) -> None:
    """Canaries: other visitors' words and names, notes, another project's everything, secrets of ours."""
    neighbour = house.visit(f"{CANARY} words of another", name=f"{CANARY} name", email=f"{CANARY}@example.com")
    path = f"/conversations/{neighbour.conversation_id}"
    house.ada.post(f"{path}/messages", {"content": f"{CANARY} reply to another", "private": False})
    house.ada.patch(path, {"custom_attributes": {"plan": CANARY}, "labels": [CANARY]})
    house.ada.post("/tool-hosts", {"host": f"{CANARY}.example.com"})
    made = house.ada.post(
        "/tools",
        {
            "name": "order_status", "description": "Where it is.", "url": f"https://{CANARY}.example.com/{CANARY}",
            "header_name": "X-Key", "header_value": CANARY,
        },
    )  # fmt: skip
    assert made.status_code == 201, made.text
    other_house.ada.post("/snippets", {"title": f"Boots {CANARY}", "content": f"{CANARY} boots order"})
    other_house.ada.patch("/project", {"instructions": f"{CANARY} instructions"})
    other_house.visit(f"{CANARY} boots order elsewhere")
    with services.database.begin() as connection:
        connection.execute(text("UPDATE project SET key = key || :canary"), {"canary": CANARY})
        connection.execute(text("UPDATE agent SET password_hash = :canary"), {"canary": CANARY})


def hide_beside(house: House, services: Services, conversation_id: int) -> None:
    """Canaries in the visitor's own conversation that are not the visitor's: notes, parked drafts, metadata."""
    path = f"/conversations/{conversation_id}"
    house.ada.post(f"{path}/messages", {"content": f"{CANARY} private note", "private": True})
    house.ada.patch(path, {"labels": [CANARY], "assignee_id": house.ben.id})
    with services.database.begin() as connection:
        values = {"id": conversation_id, "canary": f'{{"crm": "{CANARY}"}}'}
        update = text("UPDATE conversation SET metadata = metadata || CAST(:canary AS jsonb) WHERE id = :id")
        connection.execute(update, values)
        parked = text(
            "INSERT INTO draft (project_id, conversation_id, turn_id, content, reason)"
            " SELECT project_id, conversation_id, id, :words, 'assigned' FROM turn WHERE conversation_id = :id LIMIT 1"
        )
        connection.execute(parked, {"id": conversation_id, "words": f"{CANARY} parked"})


def searching(asked: Asked) -> None:
    """Decide sensibly, label it, search the knowledge once, then speak."""
    tools = json.dumps(asked.body.get("tools", []))
    told = any(message["role"] == "tool" for message in asked.body["messages"])
    if asked.demanded == "add_label":
        asked.stream(call("add_label", {"label": "boots"}))
    elif asked.demanded is None and "search_knowledge" in tools and not told:
        asked.stream(call("search_knowledge", {"query": "boots order"}))
    else:
        sensible(asked)


@pytest.mark.parametrize("mode", ["simple", "orchestrator"])
def test_no_request_holds_a_canary(
    house: House, other_house: House, worker: Context, model_server: ModelServer, turn_queue: ListQueue,
    services: Services, mode: str,
) -> None:  # fmt: skip
    hide(house, other_house, services)
    house = replace(house, key=house.key + CANARY)
    house.ada.post("/snippets", {"title": "Boots", "content": "Boots orders ship tomorrow."})
    assert house.ada.call("PUT", "/workflow", json=EVERY_NODE).status_code == 200
    house.ada.patch("/project", {"mode": mode, "instructions": "Mind the shop's instructions."})
    model_server.default = searching
    visitor = house.visit("Where is my boots order?", name="Leila")
    hide_beside(house, services, visitor.conversation_id)
    turns.run(worker, turn_queue.turns[-1])
    visitor.post("/widget/messages", {"content": "And the second one?"})
    turns.run(worker, turn_queue.turns[-1])
    statuses = [
        one["status"] for one in house.ada.get(f"/conversations/{visitor.conversation_id}/turns").get_json()["items"]
    ]
    assert statuses == ["landed", "landed"]
    sent = "\n".join(one.text for one in model_server.asked)
    headers = "\n".join(str(one.handler.headers) for one in model_server.asked)
    for alive in ("my boots order", "And the second one?", "ship tomorrow", "Mind the shop's instructions."):
        assert alive in sent, f"the search would find nothing anyway: {alive}"
    assert len(model_server.asked) >= (8 if mode == "orchestrator" else 2)
    assert CANARY not in sent.lower()
    assert CANARY not in headers.lower()


def test_a_canary_would_be_found(
    house: House, worker: Context, model_server: ModelServer, turn_queue: ListQueue
) -> None:
    """The same search with the word in a public message finds it."""
    house.visit(f"What does {CANARY} mean?")
    turns.run(worker, turn_queue.turns[-1])
    assert CANARY in model_server.asked[0].text
