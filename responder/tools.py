"""The tools that a model may call: their schemas, and what a call comes to.

Owns names, schemas and validation. Scope never comes from arguments: it comes from the turn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from responder.faults import Fault, of_arguments
from responder.workflow import DEFAULT_ROUTE, Node

# What a conversation may hold is the inbox's to say, which nothing here may import: tests/unit/jobs/test_said_twice.py
STATUSES = ["open", "pending", "snoozed", "solved", "spam"]
PRIORITIES = ["low", "normal", "high", "urgent"]
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
DEEPEST_ARGUMENTS = 20  # levels
MOST_ARGUMENTS = 65_536  # characters of JSON: a note of 10,000, each of them escaped
LONGEST_FACT = 1000  # characters of one fact about a visitor
LARGEST_NUMBER = 2**63  # JSON has no end, and a model may say a number of thousands of digits


@dataclass(frozen=True)
class Tool:
    """`kind`: a reading tool runs while thinking, a writing one becomes an intent of the landing."""

    name: str
    description: str
    schema: Mapping[str, Any]
    kind: Literal["reading", "writing", "deciding"]

    def as_json(self) -> dict[str, Any]:
        """As chat completions take it."""
        return {
            "type": "function",
            "function": {"name": self.name, "description": self.description, "parameters": dict(self.schema)},
        }


class BadCall(Exception):
    """A tool call that cannot be used; its message is told to the model once, `fault` to people who try a tool."""

    def __init__(self, message: str, fault: Fault | None = None) -> None:
        super().__init__(message)
        self.fault = fault or Fault(message)


class ToolFailed(Exception):
    """A project's own tool came to nothing. The message is for people and holds no address and no secret.

    `told` is what the model may read of the server's answer besides.
    """

    def __init__(self, message: str, told: str = "") -> None:
        super().__init__(message)
        self.told = told


def _object(**properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _words(most: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": most, "pattern": "\\S"}


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("add_note", "Leave a private note for the team.", _object(content=_words(10_000)), "writing"),
        Tool("set_status", "Set the conversation's status.", _object(status={"enum": STATUSES}), "writing"),
        Tool("set_priority", "Set the priority.", _object(priority={"enum": PRIORITIES}), "writing"),
        Tool("add_label", "Add a label to the conversation.", _object(label=_words(64)), "writing"),
        Tool("assign_to", "Assign the conversation to a colleague, by e-mail.", _object(email=_words(320)), "writing"),
        Tool("hand_off", "Give the conversation to a person.", _object(reason=_words(500)), "writing"),
        Tool("search_knowledge", "Search the team's knowledge.", _object(query=_words(1000)), "reading"),
        Tool(
            "set_visitor_attribute",
            "Remember a fact about the visitor.",
            _object(name=_words(64), value={"type": ["string", "number", "boolean"], "maxLength": LONGEST_FACT}),
            "writing",
        ),
    )
}


def decision_tool(node: Node) -> Tool:
    """The tool by which a routing node's decision is told: an enum of its ways out."""
    if node.type == "condition":
        return Tool("route_decision", "Say yes or no.", _object(path={"enum": ["yes", "no"]}), "deciding")
    routes = [*(case.route for case in node.cases), DEFAULT_ROUTE]
    return Tool("switch_decision", "Name the case that fits best.", _object(case={"enum": routes}), "deciding")


def arguments_of(tool: Tool, raw: str) -> dict[str, Any]:
    """The call's arguments, valid against the tool's schema. Raises BadCall with what was wrong."""
    if len(raw) > MOST_ARGUMENTS:
        raise BadCall(f"The arguments of {tool.name} are too long.")
    try:
        arguments = json.loads(raw) if raw.strip() else {}
    except (ValueError, RecursionError):
        raise BadCall(f"The arguments of {tool.name} were no valid JSON.") from None
    if not isinstance(arguments, dict):
        raise BadCall(f"The arguments of {tool.name} must be a JSON object.")
    return checked(tool, arguments)


def checked(tool: Tool, arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments, valid against the tool's schema. Raises BadCall with what was wrong."""
    if not _is_plain(arguments, DEEPEST_ARGUMENTS):  # before the schema, which would follow any nesting
        raise BadCall(f"The arguments of {tool.name} hold what cannot be stored, or are nested too deeply.")
    from jsonschema import Draft202012Validator  # 3 MiB, with the first call of a tool

    faults = sorted(Draft202012Validator(tool.schema).iter_errors(arguments), key=str)
    if faults:
        found = faults[0]
        raise BadCall(f"The arguments of {tool.name} were wrong: {found.message[:300]}", of_arguments(found))
    return arguments


def _is_plain(value: Any, deeper: int) -> bool:
    """Whether the value can be kept and shown: storable text, numbers of a size, no bottomless nesting."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, int | float):
        return abs(value) <= LARGEST_NUMBER  # neither an infinity is, nor what is no number
    if isinstance(value, dict | list) and deeper == 0:
        return False
    if isinstance(value, dict):
        return all(storable(name) and _is_plain(inner, deeper - 1) for name, inner in value.items())
    return not isinstance(value, list) or all(_is_plain(inner, deeper - 1) for inner in value)


def given_arguments(tool: Tool, given: Mapping[str, Any]) -> dict[str, Any]:
    """An action's own arguments in the tool's names: `content` stands for the tool's first argument."""
    names = list(tool.schema.get("properties", {}))
    first = {names[0]: given["content"]} if names else {}
    return first | {name: given[name] for name in names if name in given}


def storable(value: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL, no lone surrogate."""
    return UNSTORABLE.search(value) is None
