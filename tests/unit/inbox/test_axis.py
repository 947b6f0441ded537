"""The race timeline: where people's acts stand on a turn's time axis, and the words of a parked reply's position."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_babel import Babel

from inbox.pages.axis import axis
from inbox.pages.parked import carries

TURN = {"claimed_at": "2026-01-25T10:02:00+00:00", "landed_at": "2026-01-25T10:02:10+00:00", "window_ms": 3.21}


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    app = Flask(__name__)
    Babel(app)
    with app.test_request_context():
        yield


def kept(field: str, value: Any, second: int) -> dict[str, Any]:
    return {"field": field, "value": value, "by": "Ana", "at": f"2026-01-25T10:02:{second:02}+00:00"}


def landed(*acts: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "turn_landed", "data": {**TURN, "kept": list(acts)}}


def test_acts_stand_where_they_happened() -> None:
    found = axis(landed(kept("status", "pending", 9), kept("assignee_id", {"id": 2, "name": "Ben"}, 5)))
    assert found is not None
    assert [(act.words, act.x) for act in found.acts] == [("Ana assigned Ben", 50), ("Ana set pending", 90)]
    assert (found.said.words, found.said.anchor, found.parked) == ("Ana set pending", "end", False)
    assert "3.2 ms" in found.words
    assert found.verdict == "Reply posted; kept as people set it: status, assignment."


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (kept("assignee_id", None, 1), "Ana unassigned it"),
        (kept("priority", "high", 1), "Ana set high"),
        (kept("note", None, 1), "Ana: note"),
        ({**kept("status", "spam", 1), "by": None}, "somebody set spam"),
    ],
)
def test_an_act_in_words(act: dict[str, Any], words: str) -> None:
    found = axis(landed(act))
    assert found is not None
    assert found.said.words == words


def test_a_parked_reply_says_who_was_first() -> None:
    data = {**TURN, "reason": "person_replied", "by": "Ana", "at": "2026-01-25T10:02:01+00:00"}
    found = axis({"kind": "turn_parked", "data": data})
    assert found is not None
    assert (found.parked, found.said.x, found.said.anchor) == (True, 10, "start")
    assert found.verdict == "Parked, because Ana replied. Workflow not moved."


def test_a_turn_that_met_nobody_has_no_axis() -> None:
    assert axis(landed()) is None
    assert axis({"kind": "status", "data": {"to": "open"}}) is None
    assert axis({"kind": "note", "data": None}) is None


def test_an_act_outside_of_the_turn_stays_on_the_axis() -> None:
    found = axis(landed(kept("status", "open", 59)))
    assert found is not None
    assert found.said.x == 98


STATE = {"currentNodeId": "order", "workflowVersion": 1}


@pytest.mark.parametrize(
    ("position", "was", "stands", "words"),
    [
        (None, None, None, None),
        (STATE, None, None, "Posting it moves the workflow on, as the AI meant to."),
        (STATE, STATE, STATE, "Posting it moves the workflow on, as the AI meant to."),
        (STATE, None, STATE, "The workflow has moved since; posting it leaves the workflow where it is."),
    ],
)
def test_what_posting_a_parked_reply_does_to_the_workflow(position: Any, was: Any, stands: Any, words: Any) -> None:
    metadata = {"workflowState": stands} if stands else {}
    assert carries({"position": position, "position_from": was}, {"metadata": metadata}) == words
