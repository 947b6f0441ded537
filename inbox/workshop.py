"""The workshop as the inbox sees it: what is wrong with a draft of a workflow or a tool, and what it would answer.

Owns the interface and the values shown. app.py fills it; the inbox knows no responder.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Problem(Protocol):
    """One fault of a workflow, as a sentence whose `%(name)s` are filled from `filled`.

    `node` and `edge` are ids where the fault has a place.
    """

    @property
    def code(self) -> str: ...
    @property
    def sentence(self) -> str: ...
    @property
    def node(self) -> str | None: ...
    @property
    def edge(self) -> str | None: ...
    @property
    def filled(self) -> Mapping[str, object]: ...


@dataclass(frozen=True)
class Trial:
    """What is tried: a draft that need not be saved, and what a visitor might write."""

    project_id: int
    definition: Mapping[str, Any]
    message: str


@dataclass(frozen=True)
class Call:
    """One call of the model: what it was sent, what it answered, in `milliseconds`."""

    messages: Sequence[Mapping[str, Any]]
    tools: Sequence[str]
    answer: str
    calls: Sequence[Mapping[str, Any]]
    milliseconds: float


@dataclass(frozen=True)
class TriedStep:
    """One node that the trial went through. `route` is the decision, None where it made none."""

    node_id: str
    type: str
    route: str | None
    calls: Sequence[Call]


@dataclass(frozen=True)
class Tried:
    """What a turn would have done: `reply` to post, or `hand_off` with the reason; `wishes` are effects left undone.

    `next_node_id` is where the next message would begin, None where the workflow is finished or stays.
    """

    steps: Sequence[TriedStep]
    reply: str
    hand_off: str | None
    detail: str
    next_node_id: str | None
    citations: Sequence[str]
    wishes: Sequence[Mapping[str, Any]]
    model: str | None
    milliseconds: float
    prompt_tokens: int


@dataclass(frozen=True)
class Template:
    """A workflow that comes with Tandem: its name in addresses, its title, and what it does in a sentence."""

    name: str
    title: str
    about: str


@dataclass(frozen=True)
class ToolTried:
    """What came of one call of a tool: `answer` as a model would read it, `failure` in words where it failed."""

    answer: str
    failure: str | None
    milliseconds: float


class Workshop(Protocol):
    """Judges drafts and tries them out. Holds no connection while a model is asked, and writes nothing."""

    def problems(self, project_id: int, definition: Any) -> Sequence[Problem]:
        """Every problem of the draft; empty if it may be saved."""

    def try_out(self, trial: Trial) -> Tried:
        """Let the draft answer a message, landing nothing. Raises Unavailable while too many trials run."""

    def templates(self) -> Sequence[Template]:
        """The workflows that come with Tandem."""

    def template(self, name: str) -> Mapping[str, Any] | None:
        """The definition of one of them, or None."""

    def tool_faults(self, given: Mapping[str, Any], hosts: Collection[str]) -> Mapping[str, str]:
        """What is wrong with a tool's fields where these hosts may be called, by field; empty if it may be saved.

        Words for programs; inbox/saying.py has them for people.
        """

    def tool_host(self, given: str, known: Collection[str]) -> tuple[str, str | None]:
        """A host as it is compared, and what is wrong with it beside the known ones."""

    def is_barred(self, host: str) -> bool:
        """Whether a host is an internal address that neither tools nor webhooks call, as far as it tells by itself."""

    def try_tool(self, project_id: int, name: str, arguments: Mapping[str, Any]) -> ToolTried:
        """Call one of the project's own tools as a turn would.

        Raises NotFound, Invalid with what is wrong with the arguments, and Unavailable while too many trials run.
        """
