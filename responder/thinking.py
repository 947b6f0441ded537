"""A turn's thinking: from a snapshot to an outcome, through the nodes of the workflow.

Owns the loop between advance (pure), the model and the tools. Holds no connection; what it needs of the outside it
asks of its Surroundings. Nothing that a model does is raised: it becomes a reply or a hand-off.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from responder import advance, prompt
from responder.answer import Answer, ModelFailed, ModelTimeout, SpendCapReached
from responder.exchange import calls, clean, corrected, result
from responder.outcome import Citation, HandOff, HandOffReason, Outcome, Position, Reply, Step, Usage
from responder.snapshot import Snapshot
from responder.surroundings import Answering, Surroundings
from responder.tool_use import ToolUse
from responder.tools import TOOLS, BadCall, Tool, arguments_of, decision_tool, given_arguments
from responder.variables import fill
from responder.words import hand_off_words
from responder.workflow import Node, Workflow, read_workflow, single_node

TOOL_ROUNDS = 3  # of one llm node; then the model must answer
MOST_CHARACTERS = 10_000  # of a message
SOURCES_LINE = re.compile(r"\n?\s*Sources?:\s*([\d,\s\[\]]+)\.?\s*\Z", re.IGNORECASE)


class _Stopped(Exception):
    """The thinking ends in a hand-off."""

    def __init__(self, reason: HandOffReason, detail: str = "") -> None:
        super().__init__(reason)
        self.reason: HandOffReason = reason
        self.detail = detail


def think(snapshot: Snapshot, model: Answering, around: Surroundings) -> Outcome:
    """What the responder answers to the snapshot: a reply, or a hand-off with its reason.

    Raises only what `around` raises.
    """
    in_mode = snapshot.workflow is not None and snapshot.project.mode == "orchestrator"
    workflow = read_workflow(snapshot.workflow or {}) if in_mode else single_node()
    variables = (snapshot.workflow or {}).get("variables")
    thought = _Thought(snapshot, model, around, workflow, in_mode, variables if isinstance(variables, Mapping) else {})
    try:
        return thought.walk()
    except _Stopped as stopped:
        return thought.hand_off(stopped.reason, stopped.detail)
    except SpendCapReached as error:
        return thought.hand_off("spend_cap", str(error))
    except ModelTimeout as error:
        return thought.hand_off("model_timeout", str(error))
    except ModelFailed as error:
        return thought.hand_off("model_failed", str(error))


@dataclass
class _Thought:
    snapshot: Snapshot
    model: Answering
    around: Surroundings
    workflow: Workflow
    in_mode: bool
    variables: Mapping[str, Any]
    usage: Usage = field(default_factory=Usage)
    path: list[Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        own = {tool.name: tool for tool in self.snapshot.tools}
        self.use = ToolUse(self.around, {**own, **TOOLS} if own else TOOLS)

    def walk(self) -> Outcome:
        """Route until an llm node has spoken, or the workflow ends without a word."""
        entry = advance.enter(self.workflow, self.snapshot.workflow_state if self.in_mode else None)
        if entry.started_over:
            self.start_over(entry.node_id)
        node_id = entry.node_id
        for _ in range(advance.MOST_STEPS):
            node = self.workflow.nodes.get(node_id) if node_id is not None else None
            if node is None:
                return self.hand_off("no_answer", self.use.asked_for() or "The workflow ended without a reply.", True)
            if node.type == "llm":
                return self.speak(node)
            node_id = self.pass_through(node)
        raise _Stopped("cycle", " → ".join(step.node_id for step in self.path))

    def start_over(self, node_id: str | None) -> None:
        """The step at which the conversation stood is gone: say so, and stand at the beginning from now on."""
        step = Step(str((self.snapshot.workflow_state or {}).get("currentNodeId")), "started_over")
        self.path.append(step)
        self.around.land_position(Position(node_id, self.snapshot.workflow_version), step)

    def pass_through(self, node: Node) -> str | None:
        """Decide or act at a node that does not speak; returns the next node."""
        if advance.is_routing(node):
            routed = self.decide(node)
        else:
            if node.type == "action":
                self.act(node)
            routed = advance.passed(self.workflow, node)
        step = Step(node.id, node.type, routed.route)
        self.path.append(step)
        # With an intent pending the position waits for the reply: a worker killed here must not resume behind the
        # action and lose its effect, or what a tool there answered.
        if advance.is_routing(node) and self.in_mode and not (self.use.intents or self.use.learned):
            self.around.land_position(advance.position_after(routed, self.snapshot.workflow_version), step)
        return routed.target

    def decide(self, node: Node) -> advance.Routed:
        """The model's decision; it is told once what was wrong with it. Then a switch's default, or a hand-off."""
        messages = self.messages(node)
        tool = decision_tool(node)
        for _ in range(2):
            answer = self.ask(node, messages, (tool,), must_call=tool.name)
            decision = advance.decided(self.workflow, node, answer)
            if isinstance(decision, advance.Routed):
                return decision
            messages = [*messages, *corrected(answer, decision.told)]
        fallback = advance.undecided(self.workflow, node)
        if fallback is None:
            raise _Stopped("bad_decision", f"No usable decision at {node.name}.")
        return fallback

    def act(self, node: Node) -> None:
        """Run an action node's tool: with given content at once, else with the arguments that the model gives."""
        tool = self.use.tools.get(node.tool or "")
        if tool is None:
            raise _Stopped("bad_decision", f"{node.name} names no tool that exists.")
        if "content" in node.tool_arguments:
            self.act_as_given(node, tool)
            return
        messages = self.messages(node)
        for _ in range(2):
            answer = self.ask(node, messages, (tool,), must_call=tool.name)
            call = next((call for call in answer.calls if call.name == tool.name), None)
            try:
                if call is None:
                    raise BadCall(f"Call {tool.name}; nothing else is read.")
                self.use.learn(node, tool, arguments_of(tool, call.arguments))
                return
            except BadCall as fault:
                messages = [*messages, *corrected(answer, str(fault))]
        raise _Stopped("bad_decision", f"No usable call of {tool.name} at {node.name}.")

    def act_as_given(self, node: Node, tool: Tool) -> None:
        """The action's own words, without the model. Words that come to nothing, their variables unknown, are left."""
        filled = {name: self._given(value) for name, value in node.tool_arguments.items()}
        arguments = given_arguments(tool, filled)
        if any(isinstance(value, str) and not value.strip() for value in arguments.values()):
            return
        try:
            self.use.learn(node, tool, arguments_of(tool, json.dumps(arguments)))
        except BadCall as fault:
            raise _Stopped("bad_decision", f"{node.name}: {fault}") from fault

    def _given(self, value: Any) -> Any:
        return fill(value, self.snapshot, self.variables) if isinstance(value, str) else value

    def speak(self, node: Node) -> Outcome:
        """An llm node: at most TOOL_ROUNDS rounds of tools, then words."""
        messages, known = self.messages(node), self.use.tools
        names = dict.fromkeys(tool.name for tool in self.workflow.tools if tool.enabled and tool.name in known)
        offered = tuple(known[name] for name in names)
        faults = 0
        for round_number in range(TOOL_ROUNDS + 1):
            tools = offered if round_number < TOOL_ROUNDS and faults < 2 else ()  # what was wrong is told once
            answer = self.ask(node, messages, tools)
            if not (answer.calls and tools):
                break
            results = [self.use.call(node, call, place, tools) for place, call in enumerate(answer.calls)]
            pairs = zip(answer.calls, (told for told, _ in results), strict=True)
            messages = [*messages, calls(answer), *(result(call, told) for call, told in pairs)]
            faults += any(was_bad for _, was_bad in results)
        if not clean(answer.text):
            told = "Answer the visitor in words now."
            answer = self.ask(node, [*messages, {"role": "system", "content": told}], ())
        return self.reply(node, clean(answer.text))

    def reply(self, node: Node, text: str) -> Outcome:
        """The spoken words as an outcome, without the line of sources that visitors do not see."""
        cited = SOURCES_LINE.search(text)
        numbers = [int(n) for n in re.findall(r"\d+", cited.group(1))[:20]] if cited else []
        text = SOURCES_LINE.sub("", text).strip()[:MOST_CHARACTERS]
        if not text:
            raise _Stopped("no_answer", "The model said nothing.")
        routed = advance.passed(self.workflow, node)
        self.path.append(Step(node.id, node.type))
        position = advance.position_after(routed, self.snapshot.workflow_version) if self.in_mode else None
        snippets = list(self.use.found.values())
        cites = [Citation(snippets[n - 1].id, snippets[n - 1].title) for n in numbers if 0 < n <= len(snippets)]
        return Reply(
            text, position, tuple(self.use.intents), tuple(cites), tuple(self.path), self.usage, tuple(self.use.runs)
        )

    def hand_off(self, reason: HandOffReason, detail: str, with_intents: bool = False) -> HandOff:
        """People take it from here, and the visitor is told so.

        Effects stand only where the workflow came to its end: of a reply that was never made, none is done, and the
        step that wanted it is gone through again after the conversation is given back.
        """
        words = hand_off_words(self.workflow.language or self.snapshot.project.language)
        wishes, none = tuple(self.use.intents), ()
        done, undone = (wishes, none) if with_intents else (none, wishes)
        path, runs = tuple(self.path), tuple(self.use.runs)
        return HandOff(reason, words, detail, None, done, path, self.usage, runs, undone)

    def messages(self, node: Node) -> list[dict[str, Any]]:
        """The prompt at this node; knowledge is searched for where it speaks."""
        if node.type == "llm":
            self.use.remember(self.around.search(prompt.question(self.snapshot.history)))
        known = list(self.use.found.values())
        return prompt.messages_for(self.workflow, node, self.snapshot, known, self.variables, self.use.learned)

    def ask(
        self, node: Node, messages: list[dict[str, Any]], tools: tuple[Tool, ...], must_call: str | None = None
    ) -> Answer:
        """One call of the model, its cost added up."""
        self.around.progress(node.id, node.type, must_call, "")
        began = time.monotonic()
        try:
            answer = self.model.ask(
                messages,
                [tool.as_json() for tool in tools],
                must_call,
                lambda text: self.around.progress(node.id, node.type, must_call, text),
            )
        except ModelFailed as error:  # what it cost in time is written down all the same
            spent = (time.monotonic() - began) * 1000
            self.usage = _sum(self.usage, Usage(self.usage.model, error.endpoint or self.usage.endpoint, spent))
            raise
        self.usage = _sum(self.usage, answer.usage)
        return answer


def _sum(one: Usage, other: Usage) -> Usage:
    return replace(
        other,
        model_ms=one.model_ms + other.model_ms,
        first_token_ms=one.first_token_ms if one.first_token_ms is not None else other.first_token_ms,
        prompt_tokens=one.prompt_tokens + other.prompt_tokens,
        completion_tokens=one.completion_tokens + other.completion_tokens,
    )
