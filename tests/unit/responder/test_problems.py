"""Every problem of a workflow is found, all at once, each at its place."""

from __future__ import annotations

from typing import Any

import pytest

from responder.problems import problems_of
from tests.unit.responder.building import edge, graph, node

ASK = node("ask", "condition", prompt="About an order?")
YES, NO = node("yes", "llm"), node("no", "llm")
GOOD = graph([ASK, YES, NO], [edge("ask", "yes", "yes"), edge("ask", "no", "no")])


def codes(definition: Any) -> list[tuple[str, str | None]]:
    return [(problem.code, problem.node) for problem in problems_of(definition)]


def test_a_good_workflow_has_none() -> None:
    assert codes(GOOD) == []


@pytest.mark.parametrize("nothing", [None, [], "x", 3, {}, {"nodes": {}}, {"nodes": None}])
def test_what_is_no_workflow(nothing: Any) -> None:
    assert codes(nothing) == [("bad_node", None)]


CASES = [
    ({"nodes": [YES], "edges": []}, [("no_start", None)]),
    (
        {"nodes": [node("a", "start"), node("b", "start"), YES], "edges": [edge("a", "yes"), edge("b", "yes")]},
        [("many_starts", "b")],
    ),
    (graph([YES], [edge("yes", "gone")]), [("unknown_node", "gone")]),
    (graph([ASK, YES], [edge("ask", "yes", "yes")]), [("missing_edge", "ask")]),
    (graph([ASK, YES], []), [("missing_edge", "ask"), ("missing_edge", "ask"), ("unreachable", "yes")]),
    (graph([YES, NO], []), [("unreachable", "no")]),
    (graph([node("act", "action", toolName="fly")], []), [("unknown_tool", "act")]),
    (graph([node("act", "action", toolName="send_form")], []), [("unknown_tool", "act")]),
    (graph([YES], [], globalTools=["search_knowledge", "fly"]), [("unknown_tool", None)]),
    (graph([node("yes", "llm", prompt="  ")], []), [("empty_prompt", "yes")]),
    (graph([node("yes", "llm", prompt="Hi {{visitor.shoe}}")], []), [("unknown_variable", "yes")]),
    (graph([node("yes", "llm", prompt="Hi {{shop}}")], [], variables={"shop": "N"}), []),
    (graph([YES, {**YES}], []), [("duplicate_id", "yes")]),
    (graph([YES, node("yes", "llm", prompt="")], []), [("duplicate_id", "yes"), ("empty_prompt", "yes")]),
    (graph([node("yes", "trigger")], []), [("bad_node", "yes")]),
    (graph([node("yes", "end")], []), [("bad_node", "yes")]),
    (graph([node("yes", "llm", prompt=5)], []), [("bad_node", "yes")]),
    (graph([YES], [], globalTools="search_knowledge"), [("bad_node", None)]),
    (graph([YES], [], variables=5, language=["de"], instructions=7), [("bad_node", None)] * 3),
    (graph([YES], [], instructions="{{nobody}}"), [("unknown_variable", None)]),
]


@pytest.mark.parametrize(("definition", "expected"), CASES)
def test_each_problem(definition: Any, expected: list[tuple[str, str | None]]) -> None:
    assert codes(definition) == expected


def switch(routes: list[str], edges: list[str]) -> dict[str, Any]:
    choice = node("choose", "switch", cases=[{"route": route, "when": f"when {route}"} for route in routes])
    return graph([choice, YES], [edge("choose", "yes", route) for route in edges])


def test_a_switch_needs_its_default_only() -> None:
    assert codes(switch(["a", "b"], ["a", "default"])) == []
    assert codes(switch(["a"], ["a"])) == [("missing_edge", "choose")]


def test_a_switch_has_ten_cases_with_names_of_their_own() -> None:
    assert codes(switch([str(n) for n in range(11)], ["default"])) == [("too_many_cases", "choose")]
    assert codes(switch(["a", "a"], ["default"])) == [("duplicate_route", "choose")]
    assert codes(switch(["a"], ["a", "a", "default"])) == [("duplicate_route", "choose")]


def test_all_problems_come_at_once() -> None:
    wrong = graph(
        [ASK, node("act", "action", toolName="fly"), node("yes", "llm", prompt="")],
        [edge("ask", "yes", "yes"), edge("ask", "gone", "no")],
    )
    assert {code for code, _ in codes(wrong)} == {"unknown_node", "unknown_tool", "empty_prompt", "unreachable"}


def test_names_of_the_origin_system_are_taken() -> None:
    nodes = [node("note", "action", toolName="add_visitor_note"), node("set", "action", toolName="change_status"), YES]
    assert codes(graph(nodes, [edge("note", "set"), edge("set", "yes")])) == []
