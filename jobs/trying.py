"""A dry run: a draft of a workflow answers a typed message, or a tool a typed call, and nothing of it lands.

Owns the surroundings of a trial, which read the project's knowledge and write nothing
(tests/integration/test_trying.py counts the rows). Holds no connection while the model is asked.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Engine

from inbox import reading
from inbox.database import single_statements
from inbox.errors import Invalid
from inbox.sealing import Sealer
from inbox.spending import PROJECT, Caps
from inbox.workshop import Call, ToolTried, Trial, Tried, TriedStep
from jobs import knowledge, toolbox
from jobs.metering import metered
from jobs.toolbox import Toolbox
from responder.answer import Answer
from responder.outcome import HandOff, Outcome, Position, Reply, Step
from responder.public_network import Network
from responder.snapshot import Colleague, ConversationView, ProjectView, Said, Snapshot, Snippet, VisitorView
from responder.surroundings import Answering
from responder.thinking import think
from responder.tools import BadCall, ToolFailed, checked


@dataclass(frozen=True)
class _Asked:
    node_id: str
    node_type: str
    call: Call


def try_out(
    engine: Engine, model: Answering, trial: Trial, sealer: Sealer | None = None, network: Network | None = None
) -> Tried:
    """Think as a turn would, with surroundings that land nothing; the project's own tools, which read, are called."""
    with single_statements(engine).connect() as connection:
        box = toolbox.read(connection, trial.project_id, {"project": trial.project_id})
        snapshot = snapshot_of(connection, trial, box)
        caps = Caps.of(reading.project(connection, trial.project_id))
    box = replace(box, sealer=sealer, network=network or Network())
    around = _Around(engine, trial.project_id, metered(model, engine, trial.project_id, PROJECT, caps), box)
    started = time.monotonic()
    outcome = think(snapshot, around, around)
    return _tried(outcome, around.asked, (time.monotonic() - started) * 1000)


def try_tool(box: Toolbox, name: str, arguments: Mapping[str, Any]) -> ToolTried:
    """One call of one of the box's tools. Raises Invalid with what is wrong with the arguments."""
    try:
        checked(box.tools[name].as_tool(), dict(arguments))
    except BadCall as fault:
        raise Invalid(str(fault), fields={"arguments": fault.fault}) from None
    started = time.monotonic()
    try:
        answer, failure = box.call(name, arguments), None
    except ToolFailed as error:
        answer, failure = error.told, str(error)
    return ToolTried(answer, failure, round((time.monotonic() - started) * 1000, 1))


def snapshot_of(connection: Connection, trial: Trial, box: Toolbox) -> Snapshot:
    """What a turn would know of a visitor who has just come and written the trial's message."""
    project = reading.project(connection, trial.project_id)
    return Snapshot(
        project=ProjectView(
            trial.project_id, project["name"], "orchestrator", project["instructions"], project["language"]
        ),
        visitor=VisitorView(0, None, None),
        conversation=ConversationView(0, "open", "normal", ()),
        history=(Said(1, "visitor", None, trial.message),),
        workflow=trial.definition,
        workflow_version=None,
        workflow_state=None,
        tools=box.known,
    )


@dataclass
class _Around:
    """Surroundings that land nothing, and the model seen through them: every call is written down with its node."""

    engine: Engine
    project_id: int
    model: Answering
    toolbox: Toolbox
    asked: list[_Asked] = field(default_factory=list)
    at: tuple[str, str] = ("", "")

    def search(self, query: str) -> tuple[Snippet, ...]:
        """The project's own snippets."""
        with single_statements(self.engine).connect() as connection:
            return knowledge.search(connection, self.project_id, query)

    def colleague(self, named: str) -> Colleague | None:
        """A member of the project."""
        with single_statements(self.engine).connect() as connection:
            return toolbox.colleague(connection, self.project_id, named)

    def call_tool(self, name: str, arguments: Mapping[str, Any]) -> str:
        """What the project's own tool answers."""
        return self.toolbox.call(name, arguments)

    def land_position(self, position: Position, step: Step) -> None:
        """Nothing lands."""

    def progress(self, node_id: str, node_type: str, tool: str | None, text: str) -> None:
        """Where the thinking is."""
        self.at = (node_id, node_type)

    def ask(self, messages: list[dict[str, Any]], tools: Sequence[dict[str, Any]] = (), *rest: Any) -> Answer:
        """The model's answer, written down."""
        started = time.monotonic()
        answer = Answer()
        try:
            answer = self.model.ask(messages, tools, *rest)
        finally:
            spent = (time.monotonic() - started) * 1000
            calls = [{"name": call.name, "arguments": call.arguments} for call in answer.calls]
            named = [str(tool["function"]["name"]) for tool in tools]
            self.asked.append(_Asked(*self.at, Call(tuple(messages), named, answer.text, calls, spent)))
        return answer


def _tried(outcome: Outcome, asked: list[_Asked], milliseconds: float) -> Tried:
    hand_off = isinstance(outcome, HandOff)
    return Tried(
        steps=_steps(outcome.path, asked),
        reply=outcome.content,
        hand_off=outcome.reason if isinstance(outcome, HandOff) else None,
        detail=outcome.detail if isinstance(outcome, HandOff) else "",
        next_node_id=outcome.position.node_id if outcome.position and not hand_off else None,
        citations=[one.title for one in outcome.citations] if isinstance(outcome, Reply) else [],
        wishes=[{"tool": intent.tool, "arguments": dict(intent.arguments)} for intent in outcome.intents],
        model=outcome.usage.model,
        milliseconds=milliseconds,
        prompt_tokens=outcome.usage.prompt_tokens,
    )


def _steps(path: Sequence[Step], asked: list[_Asked]) -> list[TriedStep]:
    """The path with each node's calls; a node at which it stopped comes last."""
    left = list(asked)
    steps = []
    for step in path:
        steps.append(TriedStep(step.node_id, step.type, step.route, _calls_of(step.node_id, left)))
    while left:
        at = left[0]
        steps.append(TriedStep(at.node_id, at.node_type, None, _calls_of(at.node_id, left)))
    return steps


def _calls_of(node_id: str, left: list[_Asked]) -> list[Call]:
    """The calls at the head of `left` that are this node's, taken from it."""
    calls = []
    while left and left[0].node_id == node_id:
        calls.append(left.pop(0).call)
    return calls
