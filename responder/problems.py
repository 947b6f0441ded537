"""What is wrong with a workflow: every problem at once, each with its node or edge.

Owns the problems' codes, and their sentences as what a page tells in another language: each is whole, with `%(name)s`
where `filled` has it (tests/translating.py collects them). Must not repair anything: a missing edge is an error here,
not a guess at run time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator

from responder.faults import of_arguments
from responder.tools import TOOLS, Tool, given_arguments
from responder.variables import VARIABLE, unknown_names
from responder.workflow import (
    DEFAULT_ROUTE,
    NODE_TYPES,
    Edge,
    Node,
    items,
    read_edge,
    read_node,
    read_tool,
    text,
)

MOST_CASES = 10
REFUSED_TOOLS = frozenset({"send_form"})
PARTS: dict[str, type] = {
    "edges": list, "globalTools": list, "variables": Mapping, "instructions": str, "language": str,
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """One fault. `node` and `edge` are ids where the fault has a place."""

    code: str
    sentence: str
    node: str | None = None
    edge: str | None = None
    filled: Mapping[str, object] = field(default_factory=dict, hash=False)


def problems_of(definition: Any, own_tools: Iterable[Tool] = ()) -> list[Problem]:
    """All problems of a workflow's JSON; an empty list means that it may be saved and run.

    `own_tools` are the project's own, beside the built-in ones.
    """
    if not isinstance(definition, Mapping) or not isinstance(definition.get("nodes"), list):
        return [Problem("bad_node", "A workflow is an object with lists of nodes and edges.")]
    found = [*_shape(definition), *_bad_nodes(definition)]
    listed = [node for one in items(definition.get("nodes")) if (node := read_node(one)) is not None]
    nodes = {node.id: node for node in listed}
    edges = [edge for one in items(definition.get("edges")) if (edge := read_edge(one)) is not None]
    own = definition.get("variables") if isinstance(definition.get("variables"), Mapping) else {}
    tools = {**{tool.name: tool for tool in own_tools}, **TOOLS}
    found += _bad_edges(definition)
    found += _starts(nodes)
    for node in listed:
        found += _prompts(node, own)
        found += _routes(node, edges)
        found += _tool(node, tools)
    found += _unreachable(nodes, edges)
    found += _global_tools(definition, tools)
    found += [
        Problem("unknown_variable", "The instructions use {{%(name)s}}, which does not exist.", filled={"name": name})
        for name in unknown_names(text(definition.get("instructions")), own)
    ]
    return list(dict.fromkeys(found))


def _shape(definition: Mapping[str, Any]) -> Iterator[Problem]:
    """Parts of another kind than they must be, which would otherwise be left out in silence."""
    for part, kind in PARTS.items():
        if definition.get(part) is None or isinstance(definition[part], kind):
            continue
        if kind is list:
            yield Problem("bad_node", "%(part)s must be a list.", filled={"part": part})
        elif kind is str:
            yield Problem("bad_node", "%(part)s must be text.", filled={"part": part})
        else:
            yield Problem("bad_node", "%(part)s must be an object.", filled={"part": part})


def _bad_nodes(definition: Mapping[str, Any]) -> Iterator[Problem]:
    ids = [node.get("id") for node in items(definition.get("nodes")) if isinstance(node, Mapping)]
    for node_id, count in Counter(one for one in ids if isinstance(one, str)).items():
        if count > 1:
            filled = {"count": count, "id": repr(node_id)}
            yield Problem(
                "duplicate_id", "%(count)s nodes have the id %(id)s; each needs its own.", node_id, filled=filled
            )
    for node in items(definition.get("nodes")):
        if read_node(node) is None:
            given = node if isinstance(node, Mapping) else {}
            shown = given["id"] if isinstance(given.get("id"), str) else None
            filled = {"types": ", ".join(NODE_TYPES), "type": repr(given.get("type"))}
            yield Problem(
                "bad_node", "A node needs an id and a type of %(types)s; this one has %(type)s.", shown, filled=filled
            )
        elif isinstance(node.get("data"), Mapping) and not isinstance(node["data"].get("prompt"), str | None):
            yield Problem("bad_node", "A prompt must be text.", node["id"])


def _bad_edges(definition: Mapping[str, Any]) -> Iterator[Problem]:
    # One of another type is there as well: that it is none of ours is said once, at the node.
    there = {text(node.get("id")) for node in items(definition.get("nodes")) if isinstance(node, Mapping)}
    for one in items(definition.get("edges")):
        edge = read_edge(one)
        if edge is None:
            yield Problem("unknown_node", "An edge needs a source and a target.")
            continue
        for end in (edge.source, edge.target):
            if end not in there:
                filled = {"node": repr(end)}
                yield Problem(
                    "unknown_node", "An edge names the node %(node)s, which does not exist.", end, edge.id, filled
                )


def _starts(nodes: Mapping[str, Node]) -> Iterator[Problem]:
    starts = [node.id for node in nodes.values() if node.type == "start"]
    if not starts:
        yield Problem("no_start", "A workflow needs one start node.")
    for extra in starts[1:]:
        yield Problem("many_starts", "A workflow has one start node; this is one more.", extra)


def _prompts(node: Node, own: Any) -> Iterator[Problem]:
    if node.prompt is not None and not node.prompt.strip() and node.type != "start":
        yield Problem("empty_prompt", "The prompt is blank: write one, or leave it out for the built-in one.", node.id)
    texts = [node.prompt or "", *(case.when for case in node.cases), *map(str, node.tool_arguments.values())]
    for name in dict.fromkeys(name for one in texts for name in unknown_names(one, own)):
        yield Problem("unknown_variable", "{{%(name)s}} does not exist.", node.id, filled={"name": name})


def _routes(node: Node, edges: list[Edge]) -> Iterator[Problem]:
    routes = [edge.route for edge in edges if edge.source == node.id]
    if node.type == "condition":
        for route in ("yes", "no"):
            if route not in routes:
                filled = {"route": repr(route)}
                yield Problem("missing_edge", "The condition has no edge for %(route)s.", node.id, filled=filled)
    if node.type == "switch":
        yield from _cases(node)
        if DEFAULT_ROUTE not in routes:
            yield Problem("missing_edge", "The switch has no edge for 'default'.", node.id)
    if node.type == "start" and not routes:
        yield Problem("missing_edge", "The start leads nowhere.", node.id)
    if node.type in {"condition", "switch"}:
        for taken, count in Counter(routes).items():
            if taken is not None and count > 1:
                given = {"count": count, "route": repr(taken)}
                yield Problem("duplicate_route", "%(count)s edges leave by the route %(route)s.", node.id, filled=given)


def _cases(node: Node) -> Iterator[Problem]:
    if len(node.cases) > MOST_CASES:
        filled: dict[str, object] = {"most": MOST_CASES, "count": len(node.cases)}
        yield Problem("too_many_cases", "A switch has at most %(most)s cases, not %(count)s.", node.id, filled=filled)
    for route, count in Counter(case.route for case in node.cases).items():
        if not route.strip():
            yield Problem("bad_node", "A case needs a route.", node.id)
        elif count > 1 or route == DEFAULT_ROUTE:
            filled = {"route": repr(route)}
            yield Problem("duplicate_route", "The route %(route)s is named more than once.", node.id, filled=filled)


def _tool(node: Node, tools: Mapping[str, Tool]) -> Iterator[Problem]:
    if node.type == "action" and (node.tool not in tools or node.tool in REFUSED_TOOLS):
        yield Problem("unknown_tool", "There is no tool %(tool)s.", node.id, filled={"tool": repr(node.tool)})
    elif node.type == "action" and node.tool is not None and "content" in node.tool_arguments:
        yield from _given_content(node, tools[node.tool])


def _given_content(node: Node, tool: Tool) -> Iterator[Problem]:
    """Arguments that the tool cannot take, such as a status that does not exist. A variable's value is known later."""
    arguments = given_arguments(tool, node.tool_arguments)
    for fault in Draft202012Validator(tool.schema).iter_errors(arguments):
        if not (isinstance(fault.instance, str) and VARIABLE.search(fault.instance)):
            filled = {"tool": tool.name, "why": of_arguments(fault)}
            yield Problem("bad_node", "%(tool)s cannot take this: %(why)s.", node.id, filled=filled)


def _global_tools(definition: Mapping[str, Any], tools: Mapping[str, Tool]) -> Iterator[Problem]:
    for one in items(definition.get("globalTools")):
        tool = read_tool(one)
        if tool is None or tool.name not in tools:
            named = tool.name if tool else repr(one)
            yield Problem("unknown_tool", "There is no tool %(tool)s.", filled={"tool": named})


def _unreachable(nodes: Mapping[str, Node], edges: list[Edge]) -> Iterator[Problem]:
    reached = {node.id for node in nodes.values() if node.type == "start"}
    fresh = set(reached)
    while fresh:
        fresh = {edge.target for edge in edges if edge.source in fresh} - reached
        reached |= fresh
    if not reached:
        return
    for node_id in nodes:
        if node_id not in reached:
            yield Problem("unreachable", "No way leads here from the start.", node_id)
