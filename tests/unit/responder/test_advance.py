"""The walk through a workflow as a table: workflow, position and answer in, next step out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from responder.advance import Entry, Routed, Wrong, decided, enter, passed, position_after, undecided
from responder.answer import Answer, ToolCall
from responder.outcome import Position
from responder.workflow import read_workflow
from tests.unit.responder.building import edge, graph, node

ROUTES = ("Rückgabe & Umtausch", "a/b", "100 %", "it's")
WORKFLOW = read_workflow(
    graph(
        [
            node("ask", "condition", prompt="?"),
            node("choose", "switch", cases=[{"route": route, "when": ""} for route in (*ROUTES, "edgeless")]),
            node("answer", "llm"),
            node("end", "llm"),
        ],
        [
            edge("ask", "choose", "yes"),
            edge("ask", "answer", "no"),
            *(edge("choose", f"answer{n}", route) for n, route in enumerate(ROUTES)),
            edge("choose", "answer", "default"),
            edge("answer", "end"),
        ],
    )
)
ASK, CHOOSE = WORKFLOW.nodes["ask"], WORKFLOW.nodes["choose"]


def call(name: str, arguments: str) -> Answer:
    return Answer(calls=(ToolCall("1", name, arguments),))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, Entry("ask")),
        ({"currentNodeId": None, "workflowVersion": 1}, Entry("ask")),
        ({"currentNodeId": "answer", "workflowVersion": 1}, Entry("answer")),
        ({"currentNodeId": "start"}, Entry("ask")),
        ({"currentNodeId": "gone"}, Entry("ask", started_over=True)),
        ({"currentNodeId": 7}, Entry("ask")),
    ],
)
def test_where_a_turn_begins(state: Any, expected: Entry) -> None:
    assert enter(WORKFLOW, state) == expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (call("route_decision", '{"path": "yes"}'), Routed("yes", "choose")),
        (call("route_decision", '{"path": "no"}'), Routed("no", "answer")),
    ],
)
def test_a_condition_is_left_by_yes_or_no(answer: Answer, expected: Routed) -> None:
    assert decided(WORKFLOW, ASK, answer) == expected


@pytest.mark.parametrize("number", range(len(ROUTES)))
def test_a_switch_is_left_by_its_case_whatever_its_letters(number: int) -> None:
    answer = call("switch_decision", json.dumps({"case": ROUTES[number]}))
    assert decided(WORKFLOW, CHOOSE, answer) == Routed(ROUTES[number], f"answer{number}")


def test_a_case_without_an_edge_goes_where_default_goes() -> None:
    assert decided(WORKFLOW, CHOOSE, call("switch_decision", '{"case": "edgeless"}')) == Routed("edgeless", "answer")


@pytest.mark.parametrize(
    "answer",
    [
        Answer(),
        Answer("Yes, it is about an order."),
        call("route_decision", ""),
        call("route_decision", "{"),
        call("route_decision", "[]"),
        call("route_decision", '{"path": "maybe"}'),
        call("route_decision", '{"path": ["yes"]}'),
        call("route_decision", '{"path": "yes", "also": 1}'),
        call("route_decision", "[" * 100_000),
        call("switch_decision", '{"case": "yes"}'),
        call("delete_everything", '{"path": "yes"}'),
    ],
)
def test_anything_else_is_no_decision(answer: Answer) -> None:
    assert isinstance(decided(WORKFLOW, ASK, answer), Wrong)


def test_without_a_decision_a_switch_has_its_default_and_a_condition_nothing() -> None:
    assert undecided(WORKFLOW, CHOOSE) == Routed("default", "answer")
    assert undecided(WORKFLOW, ASK) is None


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"label": "Size", "name": "n", "title": "t"}, "Size"),
        ({"name": "Size", "title": "t"}, "Size"),
        ({"title": "Size"}, "Size"),
        ({"title": ""}, "ask"),
        ({"title": 5}, "ask"),
    ],
)
def test_a_node_is_called_as_its_picture_is(data: dict[str, Any], name: str) -> None:
    """static/js/workflow/draft.js names it by the same three, in this order."""
    called = read_workflow({"nodes": [{"id": "ask", "type": "llm", "data": data}], "edges": []})
    assert called.nodes["ask"].name == name


def test_what_spoke_leaves_by_its_edge_or_ends() -> None:
    assert position_after(passed(WORKFLOW, WORKFLOW.nodes["answer"]), 4) == Position("end", 4)
    assert position_after(passed(WORKFLOW, WORKFLOW.nodes["end"]), 4) == Position(None, 4)
