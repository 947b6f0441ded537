"""What ships: each workflow has no problem, and customers who are replayed through it are answered without a model.

The customers' words are ABCD's and BANKING77's where `source` names one, else our own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from commands import demo
from responder.lexical import scores
from responder.model import Model
from responder.outcome import Reply
from responder.problems import problems_of
from responder.shipped import definition_of, shipped
from responder.snapshot import Said, Snippet, VisitorView
from responder.thinking import think
from tests.unit.responder.building import Around, snapshot

DIALOGUES = json.loads((Path(__file__).parent / "dialogues.json").read_text(encoding="utf-8"))
SNIPPETS = tuple(Snippet(number, *parts) for number, parts in enumerate(demo.snippets(), start=1))


@dataclass(frozen=True)
class Offline:
    """No model is connected."""

    openai_base_url: str | None = None
    openai_api_key: str | None = None
    model: str = ""
    model_connect_seconds: float = 5
    model_first_token_seconds: float = 5
    model_total_seconds: float = 5
    think_seconds: tuple[float, float] = (0, 0)


@dataclass
class Knowing(Around):
    """Surroundings that find the demo's snippets by shared words, as the database does by its index."""

    best: int = field(default=6)

    def search(self, query: str) -> tuple[Snippet, ...]:
        """The best few."""
        fits = scores(query, [f"{one.title} {one.content}" for one in SNIPPETS])
        order = sorted(range(len(SNIPPETS)), key=lambda n: -fits[n])[: self.best]
        return tuple(SNIPPETS[n] for n in order if fits[n] > 0)


@pytest.fixture(scope="module")
def offline() -> Model:
    return Model.from_settings(Offline())


@pytest.mark.parametrize("name", [one.name for one in shipped()])
def test_what_ships_has_no_problem_and_a_dialogue(name: str) -> None:
    definition = definition_of(name)
    assert definition is not None
    assert problems_of(definition) == []
    assert any(dialogue["workflow"] == name for dialogue in DIALOGUES)


def test_nothing_else_is_shipped() -> None:
    assert definition_of("../problems") is None
    assert len(shipped()) >= 5
    assert all(one.title and one.about.endswith(".") for one in shipped())


@pytest.mark.parametrize("dialogue", DIALOGUES, ids=lambda one: f"{one['workflow']}, {one['source']}")
def test_a_customer_is_answered_line_by_line(dialogue: dict[str, Any], offline: Model) -> None:
    """Every line gets a reply, and those that say what is wanted go the way that they should."""
    asked = snapshot("", workflow=definition_of(dialogue["workflow"]))
    asked = replace(asked, history=(), visitor=VisitorView(2, dialogue["name"], None, {}))
    for number, line in enumerate(dialogue["lines"]):
        asked = replace(asked, history=(*asked.history, Said(2 * number, "visitor", dialogue["name"], line)))
        outcome = think(asked, offline, Knowing())
        assert isinstance(outcome, Reply), (line, outcome)
        assert outcome.position is not None
        went = dialogue["went"].get(str(number))
        assert went in (None, [step.node_id for step in outcome.path]), line
        reply = Said(2 * number + 1, "responder", None, outcome.content)
        asked = replace(asked, history=(*asked.history, reply), workflow_state=outcome.position.as_json())
