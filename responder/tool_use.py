"""A turn's use of tools: what a call does now, what it will do with the reply, and what the model is told of it.

Owns that, and the room that tools' answers have in a turn. Must not ask the model.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from responder import prompt
from responder.answer import ToolCall
from responder.exchange import clean
from responder.outcome import Intent, ToolRun
from responder.snapshot import Snippet
from responder.surroundings import Surroundings
from responder.tools import TOOLS, BadCall, Tool, ToolFailed, arguments_of
from responder.workflow import Node

MOST_TOLD = 48_000  # characters of tools' answers in one turn, about 12,000 tokens: three long answers, or many short
CALLS_AT_ONCE = 8  # of tools in one round; each may take seconds


@dataclass(slots=True)
class ToolUse:
    """What was found, learned and wished for so far. `tools` are those of the turn, by name."""

    around: Surroundings
    tools: Mapping[str, Tool]
    intents: list[Intent] = field(default_factory=list)
    found: dict[int, Snippet] = field(default_factory=dict)
    learned: list[tuple[str, str]] = field(default_factory=list)
    runs: list[ToolRun] = field(default_factory=list)
    room: int = MOST_TOLD

    def remember(self, snippets: tuple[Snippet, ...]) -> None:
        """Number what was found, for citations; what is known already keeps its number."""
        for snippet in snippets:
            self.found.setdefault(snippet.id, snippet)

    def call(self, node: Node, call: ToolCall, place: int, offered: tuple[Tool, ...]) -> tuple[str, bool]:
        """Run one tool call of an llm node: what is told to the model, and whether the call was a bad one."""
        tool = next((tool for tool in offered if tool.name == call.name), None)
        if tool is None:
            return f"There is no tool {clean(call.name[:64])!r} here.", True
        if place >= CALLS_AT_ONCE:
            return f"Only {CALLS_AT_ONCE} calls at once are done; this one was not.", True
        try:
            return self.run(node, tool, arguments_of(tool, call.arguments)), False
        except BadCall as fault:
            return str(fault), True

    def learn(self, node: Node, tool: Tool, arguments: Mapping[str, Any]) -> None:
        """Run an action's tool; what one of the project's own answers is shown to the nodes that follow."""
        told = self.run(node, tool, arguments)
        if tool.name not in TOOLS:
            self.learned.append((tool.name, told))

    def run(self, node: Node, tool: Tool, arguments: Mapping[str, Any]) -> str:
        """A reading tool runs now; a writing one becomes an intent, committed with the reply or not at all."""
        self.around.progress(node.id, node.type, tool.name, "")
        if tool.name not in TOOLS:
            return self._run_own(node, tool, arguments)
        if tool.name == "search_knowledge":
            snippets = self.around.search(str(arguments["query"]))
            self.remember(snippets)
            known = list(self.found)
            lines = [prompt.entry(known.index(one.id) + 1, one) for one in snippets]
            return self._fitting("\n".join(lines) or "Nothing found.")
        if tool.name == "assign_to":
            arguments = self._colleague(str(arguments["email"]))
        self.intents.append(Intent(tool.name, dict(arguments)))
        return "This will be done together with your reply."

    def _run_own(self, node: Node, tool: Tool, arguments: Mapping[str, Any]) -> str:
        """One of the project's own tools. That it failed is told and written down, and the thinking goes on."""
        began = time.monotonic()
        failure = None
        try:
            told = self.around.call_tool(tool.name, arguments)
        except ToolFailed as error:
            failure = str(error)
            told = f"{tool.name} failed: {error}." + (f" It said: {error.told}" if error.told else "")
        spent = round((time.monotonic() - began) * 1000, 1)
        self.runs.append(ToolRun(node.id, tool.name, arguments, failure, spent))
        return self._fitting(told)

    def _fitting(self, told: str) -> str:
        """As much of a tool's answer as the turn has room for: what tools say must not push out what was asked."""
        shown = told[: self.room]
        self.room -= len(shown)
        return shown if shown == told else f"{shown} … (left out: this turn has no room for more)"

    def _colleague(self, named: str) -> dict[str, Any]:
        """Who an assignment is meant for, of the turn's project only. Raises BadCall."""
        found = self.around.colleague(named.strip())
        if found is None:
            raise BadCall(f"Nobody of this team has the e-mail address {named[:100]!r}. Assign it to nobody else.")
        return {"email": found.email, "agent_id": found.id, "name": found.name}

    def asked_for(self) -> str:
        """The reason that the model gave for a hand-off, or nothing."""
        wish = next((intent for intent in self.intents if intent.tool == "hand_off"), None)
        return str(wish.arguments.get("reason", "")) if wish else ""
