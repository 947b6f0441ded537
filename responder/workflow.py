"""A team's workflow as values: nodes, edges, tools, instructions, read from its JSON.

Owns reading; what is wrong with a workflow is found in responder/problems.py. Must not walk it: that is advance's.
The JSON of the system that Tandem grew from is taken as it is: React-Flow's extra fields are left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal
from urllib.parse import unquote

NodeType = Literal["start", "llm", "condition", "switch", "action"]
NODE_TYPES: tuple[NodeType, ...] = ("start", "llm", "condition", "switch", "action")
ROUTING: frozenset[str] = frozenset({"condition", "switch"})
DEFAULT_ROUTE = "default"
TOOL_NAMES = {"add_visitor_note": "add_note", "change_status": "set_status"}  # names of the origin system


@dataclass(frozen=True, slots=True)
class Case:
    """One way out of a switch: its route and, in words, when to take it."""

    route: str
    when: str


@dataclass(frozen=True, slots=True)
class Node:
    """`prompt` is None where the node brings none, so that the built-in one is used."""

    id: str
    type: NodeType
    name: str = ""
    prompt: str | None = None
    cases: tuple[Case, ...] = ()
    tool: str | None = None
    tool_arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Edge:
    """`route` is the decoded part of sourceHandle behind the node's id, None for a plain edge."""

    id: str | None
    source: str
    target: str
    route: str | None


@dataclass(frozen=True, slots=True)
class GlobalTool:
    """A tool offered at every llm node, with the team's own words on when to use it."""

    name: str
    enabled: bool = True
    instruction: str = ""


@dataclass(frozen=True, slots=True)
class Workflow:
    """A graph of nodes by id, ready to be walked."""

    nodes: Mapping[str, Node]
    edges: tuple[Edge, ...]
    tools: tuple[GlobalTool, ...] = ()
    instructions: str = ""
    language: str = ""

    def start(self) -> Node | None:
        """The start node."""
        return next((node for node in self.nodes.values() if node.type == "start"), None)

    def follow(self, node_id: str, route: str | None = None) -> str | None:
        """The target of the node's edge for this route (None: its plain edge), or None where there is no such edge.

        A plain edge is any edge of a node that has no routes, whatever its sourceHandle says.
        """
        edges = [edge for edge in self.edges if edge.source == node_id]
        if route is None:
            return edges[0].target if edges else None
        return next((edge.target for edge in edges if edge.route == route), None)


def read_workflow(definition: Mapping[str, Any]) -> Workflow:
    """The workflow of a definition that has no problems; parts that cannot be read are left out."""
    nodes = [read_node(node) for node in items(definition.get("nodes"))]
    return Workflow(
        nodes={node.id: node for node in nodes if node is not None},
        edges=tuple(edge for one in items(definition.get("edges")) if (edge := read_edge(one)) is not None),
        tools=tuple(tool for one in items(definition.get("globalTools")) if (tool := read_tool(one)) is not None),
        instructions=text(definition.get("instructions")),
        language=text(definition.get("language")),
    )


@cache
def single_node() -> Workflow:
    """Simple mode: the same engine with one llm node. All turns share it."""
    nodes = {"start": Node("start", "start"), "answer": Node("answer", "llm")}
    return Workflow(nodes, (Edge(None, "start", "answer", None),))


def read_node(node: Any) -> Node | None:
    """One node, or None where it is none of ours."""
    if not isinstance(node, Mapping) or not isinstance(node.get("id"), str) or node.get("type") not in NODE_TYPES:
        return None
    data = node.get("data") if isinstance(node.get("data"), Mapping) else {}
    assert isinstance(data, Mapping)
    arguments = data.get("toolArgs")
    return Node(
        id=node["id"],
        type=node["type"],
        name=text(data.get("label") or data.get("name") or data.get("title")) or node["id"],
        prompt=data["prompt"] if isinstance(data.get("prompt"), str) else None,
        cases=tuple(_case(case) for case in items(data.get("cases")) if isinstance(case, Mapping)),
        tool=tool_name(data["toolName"]) if isinstance(data.get("toolName"), str) else None,
        tool_arguments=arguments if isinstance(arguments, Mapping) else {},
    )


def read_edge(edge: Any) -> Edge | None:
    """One edge, or None where its ends are not named."""
    if not isinstance(edge, Mapping):
        return None
    source, target = edge.get("source"), edge.get("target")
    if not isinstance(source, str) or not isinstance(target, str):
        return None
    handle = edge.get("sourceHandle")
    route = None
    if isinstance(handle, str) and handle.startswith(source + "-"):
        route = unquote(handle[len(source) + 1 :])
    return Edge(edge["id"] if isinstance(edge.get("id"), str) else None, source, target, route)


def read_tool(tool: Any) -> GlobalTool | None:
    """One global tool, given as an object or as a plain name."""
    if isinstance(tool, str):
        return GlobalTool(tool_name(tool))
    if isinstance(tool, Mapping) and isinstance(tool.get("name"), str):
        return GlobalTool(tool_name(tool["name"]), tool.get("enabled") is not False, text(tool.get("instruction")))
    return None


def tool_name(name: str) -> str:
    """The tool's name here, for a name here or in the origin system."""
    return TOOL_NAMES.get(name, name)


def items(value: Any) -> Sequence[Any]:
    """A list, or nothing where the JSON holds something else."""
    return value if isinstance(value, list) else ()


def text(value: Any) -> str:
    """A string, or an empty one where the JSON holds something else."""
    return value if isinstance(value, str) else ""


def _case(case: Mapping[str, Any]) -> Case:
    return Case(text(case.get("route")), text(case.get("when")))
