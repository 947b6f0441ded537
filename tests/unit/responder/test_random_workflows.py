"""Any workflow that may be saved, with any model: every turn ends, stands at a node that exists, and resumes there."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import httpx2
from hypothesis import given, settings
from hypothesis import strategies as st

from responder.advance import MOST_STEPS
from responder.endpoint import Endpoint, Limits
from responder.model import Model
from responder.outcome import HandOff, Position, Reply, Step
from responder.problems import problems_of
from responder.sdk import Sdk
from responder.thinking import think
from responder.workflow import read_workflow
from tests.model_server import call, chunk
from tests.unit.responder.building import Around, edge, graph, node, snapshot

ROUTES = ("refund", "Rückgabe & Umtausch", "a/b", "100 %")
TOOLS = ("search_knowledge", "set_status", "add_label", "hand_off")
KINDS = ("llm", "llm", "condition", "switch", "action")
MESSAGES = 4


class Whimsical(httpx2.BaseTransport):
    """A model with moods under the SDK's client: often sensible, else prose, broken JSON, unknown names, or nothing."""

    def __init__(self) -> None:
        self._random = random.Random()

    def begin(self, seed: int) -> None:
        """The moods that follow are this seed's."""
        self._random.seed(seed)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """One streamed completion, or a refusal that is not tried again."""
        delta = self._delta(json.loads(request.read()))
        if delta is None:
            return httpx2.Response(400, json={"error": {"message": "no"}})
        parts = [chunk(delta), chunk({}, finish="stop")]
        body = "".join(f"data: {json.dumps(part)}\n\n" for part in parts) + "data: [DONE]\n\n"
        return httpx2.Response(200, headers={"content-type": "text/event-stream"}, text=body)

    def _delta(self, asked: Mapping[str, Any]) -> dict[str, Any] | None:
        mood = self._random.random()
        tools = [tool["function"] for tool in asked.get("tools", ())]
        if tools and mood < 0.75:
            return self._call(self._random.choice(tools))
        moods: list[dict[str, Any] | None] = [
            {"role": "assistant", "content": "Here is what I know."},
            {"role": "assistant", "content": ""},
            call("no_such_tool", {}),
            call(tools[0]["name"] if tools else "x", '{"path": '),
            None,
        ]
        return self._random.choice(moods) if tools or mood > 0.9 else moods[0]

    def _call(self, tool: Mapping[str, Any]) -> dict[str, Any]:
        arguments = {
            name: self._random.choice(schema["enum"]) if "enum" in schema else "words"
            for name, schema in tool["parameters"]["properties"].items()
        }
        return call(tool["name"], arguments)


WHIMS = Whimsical()
SDK = Sdk("http://model.invalid/v1", None, WHIMS)  # made once: making one takes longer than a turn


def model(seed: int) -> Model:
    WHIMS.begin(seed)
    return Model([Endpoint("whimsical", "m", SDK)], Limits(5, 5, 5))


@st.composite
def workflows(draw: st.DrawFn) -> dict[str, Any]:
    """A workflow that may be saved: random kinds and edges, and only what the start leads to."""
    names = [f"n{number}" for number in range(draw(st.integers(1, 9)))]
    nodes, edges = [], []
    for name in names:
        kind = draw(st.sampled_from(KINDS))
        targets = st.sampled_from(names)
        routes: list[str | None] = [None]
        data: dict[str, Any] = {}
        if kind == "condition":
            routes = ["yes", "no"]
        elif kind == "switch":
            cases = draw(st.lists(st.sampled_from(ROUTES), unique=True))
            data["cases"] = [{"route": route, "when": "…"} for route in cases]
            edgeless = draw(st.booleans())
            routes = [*(cases[1:] if edgeless else cases), "default"]
        elif kind == "action":
            data["toolName"] = draw(st.sampled_from(TOOLS))
            if draw(st.booleans()) and data["toolName"] != "set_status":
                data["toolArgs"] = {"content": "words"}
        nodes.append(node(name, kind, **data))
        for route in routes:
            if route is not None or draw(st.booleans()):
                edges.append(edge(name, draw(targets), route))
    reached, fresh = {"n0"}, {"n0"}
    while fresh:
        fresh = {one["target"] for one in edges if one["source"] in fresh} - reached
        reached |= fresh
    kept = [one for one in nodes if one["id"] in reached]
    tools = draw(st.lists(st.sampled_from(TOOLS), unique=True))
    return graph(kept, [one for one in edges if one["source"] in reached], globalTools=tools)


class Killed(Exception):
    """The worker dies behind a landing."""


class Mortal(Around):
    """Surroundings whose worker dies behind the landing of this number."""

    dies_behind = 0

    def land_position(self, position: Position, step: Step) -> None:
        """Land, then perhaps die."""
        super().land_position(position, step)
        if len(self.landed) == self.dies_behind:
            raise Killed


@given(workflows(), st.integers(0, 2**32))
@settings(max_examples=40)
def test_every_turn_ends(definition: dict[str, Any], seed: int) -> None:
    """In a reply, a hand-off, or the workflow's end; never in an error, and never at a node that does not exist."""
    assert problems_of(definition) == []
    known = {*read_workflow(definition).nodes, None}
    whims, state = model(seed), None
    for _ in range(MESSAGES):
        around = Around()
        outcome = think(snapshot("A question", workflow=definition, state=state), whims, around)
        assert outcome.content.strip()
        assert len(outcome.path) <= MOST_STEPS
        assert {position.node_id for position, _ in around.landed} <= known
        if isinstance(outcome, HandOff):
            assert outcome.reason in {"bad_decision", "cycle", "no_answer", "model_failed"}
            state = around.landed[-1][0].as_json() if around.landed else state
            continue
        assert isinstance(outcome, Reply)
        assert outcome.path[-1].type == "llm"
        assert outcome.position is not None
        assert outcome.position.node_id in known
        state = outcome.position.as_json()


@given(workflows(), st.integers(0, 2**32), st.integers(1, 3))
@settings(max_examples=40)
def test_a_killed_worker_resumes_behind_the_landed_step(definition: dict[str, Any], seed: int, dies: int) -> None:
    """The next attempt begins where the last landed decision led, so that no landed decision is asked again."""
    around = Mortal()
    around.dies_behind = dies
    try:
        think(snapshot("A question", workflow=definition), model(seed), around)
    except Killed:
        landed, step = around.landed[-1]
        workflow = read_workflow(definition)
        leads_to = workflow.follow(step.node_id, step.route)
        if leads_to is None and step.type == "switch":
            leads_to = workflow.follow(step.node_id, "default")
        assert landed.node_id == leads_to
        outcome = think(snapshot("A question", workflow=definition, state=landed.as_json()), model(seed + 1), Around())
        assert outcome.path == () or outcome.path[0].node_id == (leads_to or workflow.follow("start"))
