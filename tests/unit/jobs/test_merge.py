"""The three-way comparison of workflow positions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.merge import as_state, moved_by_person, stands_already, workflow_patch
from jobs.values import Act
from responder.outcome import Position

AT_ASK = {"currentNodeId": "ask", "workflowVersion": 1}
MOVED = Act("workflow_moved", 6, 9, "Ana", "2026-01-25T10:02:09Z", {"to": "ask"})


@pytest.mark.parametrize("nothing", [None, {}, [], "ask", 3, False])
def test_anything_that_is_no_object_counts_as_empty(nothing: Any) -> None:
    assert as_state(nothing) == {}
    assert workflow_patch(None, nothing, (), Position("next", 1)) == {"currentNodeId": "next", "workflowVersion": 1}


def test_an_unchanged_position_takes_the_turns() -> None:
    assert workflow_patch(AT_ASK, dict(AT_ASK), (), Position(None, 2)) == {"currentNodeId": None, "workflowVersion": 2}


@pytest.mark.parametrize("fresh", [None, {"currentNodeId": "other", "workflowVersion": 1}])
def test_a_position_changed_by_somebody_else_stands(fresh: Any) -> None:
    assert workflow_patch(AT_ASK, fresh, (), Position("next", 1)) is None


def test_a_position_moved_away_and_back_by_a_person_stands() -> None:
    assert moved_by_person(AT_ASK, dict(AT_ASK), (MOVED,))
    assert workflow_patch(AT_ASK, dict(AT_ASK), (MOVED,), Position("next", 1)) is None


def test_without_a_workflow_there_is_nothing_to_merge() -> None:
    assert workflow_patch(AT_ASK, AT_ASK, (), None) is None


@pytest.mark.parametrize(
    ("fresh", "acts", "ours"),
    [
        (AT_ASK, (), True),
        ({**AT_ASK, "visits": 3}, (), True),
        (AT_ASK, (MOVED,), False),
        ({"currentNodeId": "other", "workflowVersion": 1}, (), False),
        ({"currentNodeId": "ask", "workflowVersion": 2}, (), False),
        (None, (), False),
    ],
)
def test_a_step_that_is_there_already_is_our_own_unless_a_person_moved_it(fresh: Any, acts: Any, ours: bool) -> None:
    assert stands_already(fresh, acts, Position("ask", 1)) is ours


def test_another_act_of_a_person_does_not_make_the_step_theirs() -> None:
    status = Act("status", 6, 9, "Ana", "2026-01-25T10:02:09Z", {"to": "pending"})
    assert stands_already(AT_ASK, (status,), Position("ask", 1))


@given(
    base=st.dictionaries(st.text(max_size=3), st.integers(), max_size=3),
    other=st.dictionaries(st.text(max_size=3), st.integers(), max_size=3),
)
def test_only_an_equal_state_is_written_over(base: dict[str, int], other: dict[str, int]) -> None:
    patch = workflow_patch(base, other, (), Position("next", 1))
    assert (patch is not None) == (base == other)
