"""Values for the responder's tests: snapshots, workflows, and surroundings that write down what they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from responder.outcome import Position, Step
from responder.snapshot import Colleague, ConversationView, ProjectView, Said, Snapshot, Snippet, VisitorView
from responder.tools import ToolFailed


@dataclass(frozen=True)
class Chosen:
    """Settings of a model that answers: it is waited for, however busy the machine is."""

    openai_base_url: str | None = None
    openai_api_key: str | None = "test"
    model: str = "fake"
    model_connect_seconds: float = 20
    model_first_token_seconds: float = 20
    model_total_seconds: float = 30
    think_seconds: tuple[float, float] = (0, 0)


def snapshot(*words: str, workflow: Any = None, state: Any = None, **more: Any) -> Snapshot:
    """A conversation in which a visitor has said these words."""
    return Snapshot(
        project=ProjectView(1, more.get("project", "Northfold"), "orchestrator" if workflow else "simple", "", ""),
        visitor=VisitorView(2, more.get("name"), None, more.get("attributes", {})),
        conversation=ConversationView(3, "open", "normal", ()),
        history=tuple(Said(n, "visitor", None, one) for n, one in enumerate(words, start=1)),
        workflow=workflow,
        workflow_version=4 if workflow else None,
        workflow_state=state,
        tools=more.get("tools", ()),
    )


@dataclass
class Around:
    """Surroundings with some knowledge; `landed` are the positions that were landed."""

    knowledge: tuple[Snippet, ...] = ()
    landed: list[tuple[Position, Step]] = field(default_factory=list)
    searched: list[str] = field(default_factory=list)
    colleagues: tuple[Colleague, ...] = ()
    answers: Mapping[str, str | ToolFailed] = field(default_factory=dict)
    called: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def search(self, query: str) -> tuple[Snippet, ...]:
        """All that is known."""
        self.searched.append(query)
        return self.knowledge

    def colleague(self, named: str) -> Colleague | None:
        """By e-mail or name."""
        return next((one for one in self.colleagues if named in (one.email, one.name)), None)

    def call_tool(self, name: str, arguments: Mapping[str, Any]) -> str:
        """What the test has it answer."""
        self.called.append((name, arguments))
        answer = self.answers[name]
        if isinstance(answer, ToolFailed):
            raise answer
        return answer

    def land_position(self, position: Position, step: Step) -> None:
        """Write it down."""
        self.landed.append((position, step))

    def progress(self, node_id: str, node_type: str, tool: str | None, text: str) -> None:
        """Nobody looks."""


def node(node_id: str, kind: str, **data: Any) -> dict[str, Any]:
    """A node of a workflow's JSON."""
    return {"id": node_id, "type": kind, "data": data, "position": {"x": 0, "y": 0}, "measured": {}, "selected": False}


def edge(source: str, target: str, route: str | None = None) -> dict[str, Any]:
    """An edge; `route` is URL-encoded into its sourceHandle."""
    more = {"sourceHandle": f"{source}-{quote(route, safe='')}"} if route is not None else {}
    return {"id": f"{source}>{target}>{route}", "source": source, "target": target, **more}


def graph(nodes: list[dict[str, Any]], edges: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A workflow with a start that leads to the first node given."""
    first = [] if not nodes else [edge("start", nodes[0]["id"])]
    return {"nodes": [node("start", "start"), *nodes], "edges": [*first, *edges], **more}
