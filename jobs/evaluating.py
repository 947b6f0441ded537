"""How well a project's workflow routes labelled questions: its decisions are asked for, its replies are not.

Owns one question's routing and what is counted over many. Lands nothing and reads no knowledge.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from responder.answer import Answer
from responder.outcome import HandOff, Position, Step, Usage
from responder.snapshot import Colleague, Snapshot, Snippet
from responder.surroundings import Answering
from responder.thinking import think
from responder.workflow import DEFAULT_ROUTE, ROUTING, read_workflow

UNDECIDED = "(undecided)"


@dataclass(frozen=True)
class Routed:
    """Where one question went: the last switch's route, or the last condition's. `failed` says why nowhere."""

    route: str | None
    failed: str | None
    prompt_tokens: int
    completion_tokens: int
    model: str | None


@dataclass
class _RoutingOnly:
    """The model, asked for decisions only, and surroundings that do nothing."""

    model: Answering
    used: Usage = field(default_factory=Usage)

    def ask(
        self,
        messages: list[dict[str, Any]],
        tools: Sequence[dict[str, Any]] = (),
        must_call: str | None = None,
        *_: Any,
    ) -> Answer:
        """The model's decision; a node that speaks says a word of its own, which costs nothing."""
        if must_call is None:
            return Answer("…", usage=Usage(model=self.used.model, endpoint=self.used.endpoint))
        answer = self.model.ask(messages, tools, must_call)
        self.used = answer.usage
        return answer

    def search(self, query: str) -> tuple[Snippet, ...]:
        """Nothing: no reply is made."""
        return ()

    def colleague(self, named: str) -> Colleague | None:
        """Nobody: nothing is assigned."""
        return None

    def call_tool(self, name: str, arguments: Mapping[str, Any]) -> str:
        """Nothing is called."""
        return ""

    def land_position(self, position: Position, step: Step) -> None:
        """Nothing lands."""

    def progress(self, node_id: str, node_type: str, tool: str | None, text: str) -> None:
        """Nobody looks."""


def route_of(snapshot: Snapshot, model: Answering) -> Routed:
    """Let the workflow decide about the snapshot's question."""
    around = _RoutingOnly(model)
    outcome = think(snapshot, around, around)
    usage = outcome.usage
    decisions = [step for step in outcome.path if step.type in ROUTING and step.route is not None]
    switches = [step for step in decisions if step.type == "switch"]
    chosen = (switches or decisions)[-1].route if decisions else None
    stopped = outcome.reason if isinstance(outcome, HandOff) and outcome.reason != "no_answer" else None
    return Routed(None if stopped else chosen, stopped, usage.prompt_tokens, usage.completion_tokens, usage.model)


def routes_of(definition: Mapping[str, Any]) -> set[str]:
    """Every route that a question can be labelled with: a condition's two, a switch's cases."""
    routes: set[str] = set()
    for node in read_workflow(definition).nodes.values():
        routes |= {"yes", "no"} if node.type == "condition" else set()
        routes |= {case.route for case in node.cases} if node.type == "switch" else set()
    return routes


def plain(label: str) -> str:
    """A label as it is compared: `Order Status`, `order_status` and `order-status` are the same."""
    return " ".join(label.replace("_", " ").replace("-", " ").casefold().split())


@dataclass
class Score:
    """What is counted. A question whose label no route has belongs nowhere: its right answer is the default."""

    routes: Collection[str]
    asked: Counter[str] = field(default_factory=Counter)
    went: Counter[tuple[str, str]] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def __post_init__(self) -> None:
        self._named = {plain(route): route for route in self.routes}

    def add(self, label: str, routed: Routed) -> None:
        """Count one question."""
        expected = self._named.get(plain(label), DEFAULT_ROUTE)
        self.asked[expected] += 1
        self.went[expected, routed.route or UNDECIDED] += 1
        if routed.failed:
            self.failures[routed.failed] += 1
        self.prompt_tokens += routed.prompt_tokens
        self.completion_tokens += routed.completion_tokens

    def as_json(self) -> dict[str, Any]:
        """Accuracy over the questions that a route is named for, and over those that belong nowhere, apart."""
        inside = [label for label in self.asked if label != DEFAULT_ROUTE]
        questions, correct = self._sums(inside)
        outside, kept_out = self._sums([DEFAULT_ROUTE])
        return {
            "questions": questions,
            "correct": correct,
            "accuracy": _share(correct, questions),
            "unlabelled": {"questions": outside, "default": kept_out, "accuracy": _share(kept_out, outside)},
            "failed": dict(self.failures),
            "labels": [self._line(label) for label in sorted(self.asked)],
            "confusion": [
                {"label": label, "route": route, "questions": count}
                for (label, route), count in sorted(self.went.items(), key=lambda item: -item[1])
                if label != route
            ],
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
        }

    def _sums(self, labels: Iterable[str]) -> tuple[int, int]:
        names = list(labels)
        return sum(self.asked[one] for one in names), sum(self.went[one, one] for one in names)

    def _line(self, label: str) -> dict[str, Any]:
        correct, taken = self.went[label, label], sum(n for (_, to), n in self.went.items() if to == label)
        return {
            "label": label,
            "questions": self.asked[label],
            "correct": correct,
            "recall": _share(correct, self.asked[label]),
            "precision": _share(correct, taken),
        }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
