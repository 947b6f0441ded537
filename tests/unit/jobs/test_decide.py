"""DESIGN's table "What decide() does", row by row, with no server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jobs.decide import decide, may_move, wants_next_turn
from jobs.values import Act, Drop, NotOurs, Park, Policy, Post
from tests.unit.jobs.landing import BASIS, CLAIMED, FRESH, HANDOFF, REPLY, act


def test_nothing_happened_posts_and_merges() -> None:
    assert decide(CLAIMED, BASIS, FRESH, REPLY) == Post(
        state={"currentNodeId": "thanks", "workflowVersion": 1}, intents=(), yielded=(), kept=(), next_turn=False
    )


@pytest.mark.parametrize(
    ("happened", "field", "value"),
    [
        (act("assigned", to={"id": 9, "name": "Ana"}), "assignee_id", {"id": 9, "name": "Ana"}),
        (act("unassigned"), "assignee_id", None),
        (act("status", to="pending"), "status", "pending"),
        (act("priority", to="high"), "priority", "high"),
        (act("labels", added=["vip"], removed=[]), "labels", {"added": ["vip"], "removed": []}),
        (act("custom_attributes", changed=["plan"]), "custom_attributes", ["plan"]),
        (act("note"), "note", None),
    ],
)
def test_what_a_person_set_is_kept_and_the_reply_posted(happened: Act, field: str, value: Any) -> None:
    decision = decide(CLAIMED, BASIS, replace(FRESH, epoch=2, acts=(happened,)), REPLY)
    assert isinstance(decision, Post)
    assert [(one.field, one.value, one.by, one.at) for one in decision.kept] == [(field, value, "Ana", happened.at)]


def test_an_assignment_parks_where_the_project_chose_so() -> None:
    assigned = act("assigned", to={"id": 9})
    fresh = replace(FRESH, acts=(assigned,), policy=Policy(True, "park"))
    assert decide(CLAIMED, BASIS, fresh, REPLY) == Park("assigned", "Ana", assigned.at, next_turn=False)


def test_an_unassignment_parks_nowhere() -> None:
    fresh = replace(FRESH, acts=(act("unassigned"),), policy=Policy(True, "park"))
    assert isinstance(decide(CLAIMED, BASIS, fresh, REPLY), Post)


def test_a_persons_reply_parks_even_where_they_gave_back() -> None:
    replied = act("message", 6)
    fresh = replace(FRESH, acts=(replied, act("given_back", 7)))
    assert decide(CLAIMED, BASIS, fresh, REPLY) == Park("person_replied", "Ana", replied.at, next_turn=False)


def test_a_persons_reply_is_named_before_their_taking_over() -> None:
    fresh = replace(FRESH, responder_state="paused", acts=(act("message", 6), act("taken_over", 6)))
    decision = decide(CLAIMED, BASIS, fresh, REPLY)
    assert isinstance(decision, Park)
    assert decision.reason == "person_replied"


def test_taken_over_parks() -> None:
    taken = act("taken_over")
    fresh = replace(FRESH, responder_state="paused", acts=(taken,))
    assert decide(CLAIMED, BASIS, fresh, REPLY) == Park("taken_over", "Ana", taken.at, next_turn=False)


def test_taken_over_and_given_back_posts() -> None:
    fresh = replace(FRESH, acts=(act("taken_over", 6), act("given_back", 7)))
    assert isinstance(decide(CLAIMED, BASIS, fresh, REPLY), Post)


def test_handed_off_meanwhile_parks_without_a_name() -> None:
    assert decide(CLAIMED, BASIS, replace(FRESH, responder_state="handed_off"), REPLY) == Park(
        "taken_over", None, None, next_turn=False
    )


def test_spam_parks() -> None:
    marked = act("status", to="spam")
    fresh = replace(FRESH, status="spam", acts=(marked,))
    assert decide(CLAIMED, BASIS, fresh, REPLY) == Park("spam", "Ana", marked.at, next_turn=False)


def test_switched_off_drops() -> None:
    fresh = replace(FRESH, policy=Policy(False, "post"), newest_question_id=99)
    assert decide(CLAIMED, BASIS, fresh, REPLY) == Drop("cancelled", "responder_off", next_turn=False)


@pytest.mark.parametrize("change", [{"turn_attempt": 3}, {"turn_status": "cancelled"}, {"turn_status": "landed"}])
def test_no_longer_ours_writes_nothing(change: dict[str, Any]) -> None:
    fresh = replace(FRESH, **change)
    assert decide(CLAIMED, BASIS, fresh, REPLY) == NotOurs(fresh.turn_status, fresh.turn_attempt)


def test_a_person_moved_the_workflow_and_their_position_stands() -> None:
    moved = act("workflow_moved", to=None)
    fresh = replace(FRESH, workflow_state=None, acts=(moved,))
    decision = decide(CLAIMED, BASIS, fresh, REPLY)
    assert isinstance(decision, Post)
    assert decision.state is None
    assert decision.kept[0].field == "metadata.workflowState"


def test_no_workflow_ran_merges_nothing() -> None:
    decision = decide(CLAIMED, BASIS, FRESH, replace(REPLY, position=None))
    assert isinstance(decision, Post)
    assert decision.state is None


def test_the_visitor_wrote_again_starts_the_next_turn() -> None:
    decision = decide(CLAIMED, BASIS, replace(FRESH, newest_question_id=42), REPLY)
    assert isinstance(decision, Post)
    assert decision.next_turn


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"newest_question_id": None}, False),
        ({"newest_question_id": 41}, False),
        ({"newest_question_id": 42}, True),
        ({"newest_question_id": 42, "responder_state": "paused"}, False),
        ({"newest_question_id": 42, "status": "spam"}, False),
        ({"newest_question_id": 42, "policy": Policy(False, "post")}, False),
    ],
)
def test_when_a_next_turn_is_wanted(change: dict[str, Any], expected: bool) -> None:
    assert wants_next_turn(CLAIMED, replace(FRESH, **change)) is expected


def test_a_turn_that_answered_nothing_counts_every_question_as_waiting() -> None:
    assert wants_next_turn(replace(CLAIMED, answers=()), FRESH)


def test_a_hand_off_posts_its_words_and_starts_no_next_turn() -> None:
    decision = decide(CLAIMED, BASIS, replace(FRESH, newest_question_id=42), HANDOFF)
    assert isinstance(decision, Post)
    assert not decision.next_turn


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"acts": (act("message"),), "responder_state": "paused"}, "person_replied"),
        ({"responder_state": "paused"}, "taken_over"),
        ({"status": "spam"}, "spam"),
    ],
)
def test_a_hand_off_to_people_who_already_have_it_is_dropped(change: dict[str, Any], reason: str) -> None:
    assert decide(CLAIMED, BASIS, replace(FRESH, **change), HANDOFF) == Drop("cancelled", reason)


def test_a_turn_that_answered_nothing_counts_the_very_first_question_too() -> None:
    assert wants_next_turn(replace(CLAIMED, answers=()), replace(FRESH, newest_question_id=1))


def test_a_dropped_hand_off_leaves_the_visitors_newer_words_to_the_next_turn() -> None:
    """A person replied and gave back, and the visitor wrote again: somebody must answer that."""
    fresh = replace(FRESH, newest_question_id=42, acts=(act("message", 6), act("given_back", 7)))
    assert decide(CLAIMED, BASIS, fresh, HANDOFF) == Drop("cancelled", "person_replied", next_turn=True)


@pytest.mark.parametrize(
    ("change", "moves"),
    [
        ({}, True),
        ({"acts": (act("assigned"), act("status"), act("note"))}, True),
        ({"acts": (act("assigned"),), "policy": Policy(responder_enabled=True, on_assignment="park")}, False),
        ({"acts": (act("message"),)}, False),
        ({"responder_state": "paused"}, False),
        ({"responder_state": "handed_off"}, False),
        ({"status": "spam"}, False),
        ({"policy": Policy(responder_enabled=False, on_assignment="post")}, False),
    ],
)
def test_a_position_lands_only_where_a_reply_would(change: dict[str, Any], moves: bool) -> None:
    assert may_move(replace(FRESH, **change)) is moves
