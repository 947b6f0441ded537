"""The walk through a workflow, one step at a time. Pure: given workflow, position and a model's answer, the next step.

Owns routing. Must not call a model: responder/thinking.py does, and hands each answer in here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from responder.answer import Answer
from responder.outcome import Position
from responder.tools import BadCall, arguments_of, decision_tool
from responder.workflow import DEFAULT_ROUTE, ROUTING, Node, Workflow

MOST_STEPS = 25  # nodes of one turn that do not speak; more is a cycle


@dataclass(frozen=True)
class Entry:
    """Where a turn begins. `started_over`: the stored node is gone, so the workflow begins anew."""

    node_id: str | None
    started_over: bool = False


@dataclass(frozen=True)
class Routed:
    """A node was left by `route` (None: its plain edge) towards `target` (None: the workflow is finished)."""

    route: str | None
    target: str | None


@dataclass(frozen=True)
class Wrong:
    """The model's decision cannot be used; `told` is what it hears, once."""

    told: str


def enter(workflow: Workflow, state: Mapping[str, Any] | None) -> Entry:
    """The node that the turn begins at: the stored one while it exists, else the one behind the start."""
    stored = (state or {}).get("currentNodeId")
    if isinstance(stored, str) and stored in workflow.nodes:
        return Entry(_behind_start(workflow, stored))
    start = workflow.start()
    begin = workflow.follow(start.id) if start else None
    return Entry(begin, started_over=isinstance(stored, str))


def _behind_start(workflow: Workflow, node_id: str) -> str | None:
    return workflow.follow(node_id) if workflow.nodes[node_id].type == "start" else node_id


def decided(workflow: Workflow, node: Node, answer: Answer) -> Routed | Wrong:
    """The route that a routing node is left by. Only the node's own tool with one of its routes counts."""
    tool = decision_tool(node)
    call = next((call for call in answer.calls if call.name == tool.name), None)
    if call is None:
        return Wrong(f"Decide by calling {tool.name}; nothing else is read.")
    try:
        arguments = arguments_of(tool, call.arguments)
    except BadCall as fault:
        return Wrong(str(fault))
    return routed(workflow, node, next(iter(arguments.values())))


def routed(workflow: Workflow, node: Node, route: str) -> Routed:
    """The edge of a decision. A switch's case without an edge goes where its default goes."""
    target = workflow.follow(node.id, route)
    if target is None and node.type == "switch":
        return Routed(route, workflow.follow(node.id, DEFAULT_ROUTE))
    return Routed(route, target)


def undecided(workflow: Workflow, node: Node) -> Routed | None:
    """What stands in for a decision that never came: a switch's default; a condition has none."""
    return routed(workflow, node, DEFAULT_ROUTE) if node.type == "switch" else None


def passed(workflow: Workflow, node: Node) -> Routed:
    """A node that is left by its plain edge: a start, an action that ran, an llm node that spoke."""
    return Routed(None, workflow.follow(node.id))


def position_after(routed_to: Routed, workflow_version: int | None) -> Position:
    """Where the next step begins."""
    return Position(routed_to.target, workflow_version)


def is_routing(node: Node) -> bool:
    """Whether leaving the node is a decision that is landed at once."""
    return node.type in ROUTING
