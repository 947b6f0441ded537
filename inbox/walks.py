"""The walk of a conversation through its workflow: the steps it took since it last began, and where it stands.

Owns reading it together from the turns' paths. Must not decide anything: the responder does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection

from inbox import reading

Row = Mapping[Any, Any]
MOST_TURNS = 20  # further back nobody looks
STARTED_OVER = "started_over"


@dataclass(frozen=True)
class Walked:
    """One step: a node by its id and its name now, the route it was left by. `gone`: the workflow has it no more."""

    node_id: str
    name: str
    type: str
    route: str | None
    gone: bool


@dataclass(frozen=True)
class Place:
    """A node that the conversation may be moved to."""

    node_id: str
    name: str


@dataclass(frozen=True)
class Walk:
    """`stands_at` is the node of the next step; None before the first step and when `finished`."""

    conversation_id: int
    version: int | None
    steps: Sequence[Walked]
    stands_at: str | None
    stands_at_name: str | None
    is_gone: bool
    finished: bool
    places: Sequence[Place]

    def as_json(self) -> dict[str, Any]:
        """For the page's scripts."""
        return asdict(self)


def walk(connection: Connection, conversation: Row, definition: Mapping[str, Any]) -> Walk:
    """The walk of this conversation, in the words of the definition that is current."""
    names = _names(definition)
    turns = reading.turns(connection, conversation["id"], before=None, limit=MOST_TURNS)
    steps = since_beginning([turn["path"] or [] for turn in turns], first_node(definition))
    state = _mapping(_mapping(conversation["metadata"]).get("workflowState"))
    at = state.get("currentNodeId")
    at = at if isinstance(at, str) else None
    return Walk(
        conversation_id=conversation["id"],
        version=state.get("workflowVersion"),
        steps=[_walked(step, names) for step in steps],
        stands_at=at,
        stands_at_name=None if at is None else names.get(at, at),
        is_gone=at is not None and at not in names,
        finished=bool(state) and at is None,
        places=[Place(str(one.get("id")), name_of(one)) for one in _nodes(definition) if one.get("type") != "start"],
    )


def _walked(step: Mapping[str, Any], names: Mapping[str, str]) -> Walked:
    node_id = step["node_id"]
    return Walked(node_id, names.get(node_id, node_id), step["type"], step.get("route"), node_id not in names)


def named(entries: Sequence[Row], definition: Mapping[str, Any]) -> list[Row]:
    """Timeline rows with the steps' names in place of their ids, for people to read."""
    names = _names(definition)

    def shown(entry: Row) -> Row:
        if entry["kind"] != "workflow_moved":
            return entry
        ends = {
            end: names.get(entry["data"][end], entry["data"][end]) for end in ("from", "to") if end in entry["data"]
        }
        return {**entry, "data": {**entry["data"], **ends}}

    return [shown(entry) for entry in entries]


def since_beginning(paths: Sequence[Sequence[Mapping[str, Any]]], first: str | None) -> Sequence[Mapping[str, Any]]:
    """The steps since the workflow last began, oldest first, from the turns' paths, newest first."""
    steps: list[Mapping[str, Any]] = []
    for path in paths:
        steps = [*path, *steps]
        if path and (path[0]["type"] == STARTED_OVER or path[0]["node_id"] == first):
            break
    return steps


def first_node(definition: Mapping[str, Any]) -> str | None:
    """The node behind the start, or None."""
    starts = {node.get("id") for node in _nodes(definition) if node.get("type") == "start"}
    edges = (edge for edge in definition.get("edges") or [] if isinstance(edge, dict))
    targets = (edge.get("target") for edge in edges if edge.get("source") in starts)
    return next((target for target in targets if isinstance(target, str)), None)


def name_of(node: Mapping[str, Any]) -> str:
    """What a node is called on pages."""
    data = _mapping(node.get("data"))
    named = data.get("label") or data.get("name") or data.get("title")
    return str(named) if isinstance(named, str) else str(node.get("id"))


def _nodes(definition: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [node for node in definition.get("nodes") or [] if isinstance(node, dict)]


def _names(definition: Mapping[str, Any]) -> dict[str, str]:
    return {str(node.get("id")): name_of(node) for node in _nodes(definition)}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
