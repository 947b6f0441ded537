"""What becomes of the wishes that come with a reply, and what of people's acts is named beside it, with no server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from jobs.decide import MOST_FACTS, decide, kept, overruled
from jobs.values import Act, KnownVisitor, Post
from responder.outcome import HandOff, Intent, Reply
from tests.unit.jobs.landing import BASIS, CLAIMED, FRESH, HANDOFF, REPLY, act

SOLVE = Intent("set_status", {"status": "solved"})
WAIT = Intent("set_status", {"status": "pending"})


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"newest_question_id": 42}, replace(REPLY, intents=(SOLVE, WAIT))),
        ({"left_to_people": True}, replace(REPLY, intents=(SOLVE, WAIT))),
        ({}, replace(REPLY, intents=(SOLVE, Intent("hand_off", {"reason": "a refund"})))),
        ({}, replace(HANDOFF, reason="no_answer", intents=(SOLVE,))),
    ],
)
def test_nobody_who_waits_is_put_aside(change: dict[str, Any], outcome: Reply | HandOff) -> None:
    decision = decide(CLAIMED, BASIS, replace(FRESH, **change), outcome)
    assert isinstance(decision, Post)
    assert (decision.left, SOLVE in decision.intents) == ((SOLVE,), False)
    assert (WAIT in decision.intents) is (WAIT in outcome.intents)


def test_who_is_answered_may_be_put_aside() -> None:
    decision = decide(CLAIMED, BASIS, FRESH, replace(REPLY, intents=(SOLVE,)))
    assert isinstance(decision, Post)
    assert (decision.left, decision.intents) == ((), (SOLVE,))


def test_a_wish_to_hand_off_starts_no_next_turn() -> None:
    reply = replace(REPLY, intents=(Intent("hand_off", {"reason": "asked"}),))
    decision = decide(CLAIMED, BASIS, replace(FRESH, newest_question_id=42), reply)
    assert isinstance(decision, Post)
    assert not decision.next_turn


WISHES = {
    "set_status": Intent("set_status", {"status": "solved"}),
    "set_priority": Intent("set_priority", {"priority": "low"}),
    "assign_to": Intent("assign_to", {"email": "ana@example.com"}),
    "add_label": Intent("add_label", {"label": "vip"}),
    "hand_off": Intent("hand_off", {"reason": "asked"}),
    "add_note": Intent("add_note", {"content": "Refund is due."}),
}


@pytest.mark.parametrize(
    ("tool", "happened", "expected"),
    [
        ("set_status", act("status", to="pending"), True),
        ("set_status", act("priority", to="high"), False),
        ("set_priority", act("priority", to="high"), True),
        ("set_priority", act("status", to="pending"), False),
        ("assign_to", act("assigned"), True),
        ("assign_to", act("unassigned"), True),
        ("assign_to", act("status"), False),
        ("add_label", act("labels", added=[], removed=["vip"]), True),
        ("add_label", act("labels", added=["vip"], removed=[]), False),
        ("add_label", act("labels", added=[], removed=["new"]), False),
        ("hand_off", act("given_back"), True),
        ("add_note", act("note"), False),
    ],
)
def test_a_wish_yields_to_a_persons_change_of_the_same_thing(tool: str, happened: Act, expected: bool) -> None:
    assert overruled(WISHES[tool], (happened,)) is expected


@pytest.mark.parametrize(
    ("knew", "knows", "yields"),
    [
        ({"plan": "basic"}, {"plan": "basic", "size": "M"}, False),
        ({"plan": "basic"}, {"plan": "gold"}, True),
        ({"plan": "basic"}, {}, True),
        ({}, {"plan": "gold"}, True),
        ({}, {}, False),
    ],
)
def test_a_wish_yields_to_a_fact_that_is_not_the_one_of_the_claim(
    knew: dict[str, str], knows: dict[str, str], yields: bool
) -> None:
    remember = Intent("set_visitor_attribute", {"name": "plan", "value": "pro"})
    basis, fresh = replace(BASIS, visitor_attributes=knew), replace(FRESH, visitor=KnownVisitor(2, knows))
    decision = decide(CLAIMED, basis, fresh, replace(REPLY, intents=(remember, WISHES["add_note"])))
    assert isinstance(decision, Post)
    assert decision.yielded == ((remember,) if yields else ())


def test_facts_of_a_visitor_have_an_end() -> None:
    """What is known is told anew; of what is new as much is remembered as finds room."""
    known = {f"fact {number}": "x" for number in range(MOST_FACTS - 1)}
    names = ("fact 0", "new", "new", "too many")
    wishes = [Intent("set_visitor_attribute", {"name": name, "value": number}) for number, name in enumerate(names)]
    basis, fresh = replace(BASIS, visitor_attributes=known), replace(FRESH, visitor=KnownVisitor(2, known))
    decision = decide(CLAIMED, basis, fresh, replace(REPLY, intents=tuple(wishes)))
    assert isinstance(decision, Post)
    assert (decision.intents, decision.left) == (tuple(wishes[:3]), (wishes[3],))


def test_yielded_wishes_are_named_and_the_others_kept() -> None:
    reply = replace(REPLY, intents=(WISHES["set_status"], WISHES["add_note"]))
    decision = decide(CLAIMED, BASIS, replace(FRESH, acts=(act("status", to="pending"),)), reply)
    assert isinstance(decision, Post)
    assert decision.yielded == (WISHES["set_status"],)
    assert decision.intents == (WISHES["add_note"],)


def test_kept_names_the_newest_value_of_each_field_once() -> None:
    acts = (
        act("status", 6, to="pending"),
        act("priority", 7, to="high"),
        act("status", 8, to="open"),
        act("message", 9),
    )
    assert [(one.field, one.value) for one in kept(acts)] == [("priority", "high"), ("status", "open")]


def test_kept_unassignment_after_assignment_is_nobody() -> None:
    acts = (act("assigned", 6, to={"id": 9}), act("unassigned", 7))
    assert [(one.field, one.value) for one in kept(acts)] == [("assignee_id", None)]


def test_what_an_entry_does_not_say_did_not_happen() -> None:
    assert [one.value for one in kept((act("labels"),))] == [{"added": [], "removed": []}]
    assert [one.value for one in kept((act("labels", removed=["vip"]),))] == [{"added": [], "removed": ["vip"]}]
    assert [one.value for one in kept((act("custom_attributes"),))] == [[]]
    assert not overruled(WISHES["add_label"], (act("labels"),))
