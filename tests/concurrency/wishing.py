"""A turn whose model wishes for something: what it calls, what happens meanwhile, and what the timeline says of it.

Owns no test.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inbox.timeline import sentence
from jobs import turn as turns
from jobs.context import Context
from tests.conftest import InBackground
from tests.model_server import Asked, ModelServer, call, says
from tests.people import People

TOOLS = ("add_note", "set_status", "set_priority", "add_label", "assign_to", "hand_off", "set_visitor_attribute")
WORKFLOW: dict[str, Any] = {
    "nodes": [{"id": "start", "type": "start"}, {"id": "answer", "type": "llm"}],
    "edges": [{"source": "start", "target": "answer"}],
    "globalTools": list(TOOLS),
}


def wish(
    people: People,
    worker: Context,
    server: ModelServer,
    *calls: tuple[str, dict[str, Any]],
    before: Callable[[People], object] = lambda people: None,
    in_background: InBackground | None = None,
    meanwhile: Callable[[People], object] = lambda people: None,
) -> None:
    """A turn in which the model calls these tools, then says its words.

    `before` happens until it is claimed, `meanwhile` while the model is held.
    """
    people.use_workflow(WORKFLOW)
    deltas = [call(name, arguments)["tool_calls"][0] | {"index": n} for n, (name, arguments) in enumerate(calls)]

    def asks(asked: Asked) -> None:
        asked.stream({"tool_calls": deltas})

    server.script(asks, says("There you are."))
    turn_id = people.visitor_writes()
    assert turn_id is not None
    before(people)
    if in_background is None:
        turns.run(worker, turn_id)
        return
    server.hold()
    running = in_background(turns.run, worker, turn_id)
    server.wait_until_asked()
    meanwhile(people)
    server.release()
    running.result()


def tools(people: People) -> list[dict[str, Any]]:
    return [entry["data"] for entry in people.timeline() if entry["kind"] == "tool"]


def sentences(people: People) -> list[str]:
    return [sentence(entry) for entry in people.timeline() if entry["kind"] == "tool"]
