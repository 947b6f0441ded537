"""What becomes of a turn's outcome, given what people did meanwhile. Pure.

Owns DESIGN's table "What decide() does". Must not read or write anything: values in, one value out.
"""

from __future__ import annotations

from collections.abc import Iterable

from jobs.merge import workflow_patch
from jobs.values import Act, Basis, Claimed, Decision, Drop, Fresh, Kept, NotOurs, Park, ParkReason, Post
from responder.outcome import HandOff, Intent, Outcome

# Which timeline kinds of a person overrule which of the responder's wishes.
OVERRULES: dict[str, frozenset[str]] = {
    "set_status": frozenset({"status"}),
    "set_priority": frozenset({"priority"}),
    "assign_to": frozenset({"assigned", "unassigned"}),
    "hand_off": frozenset({"given_back"}),
}
ASIDE = frozenset({"solved", "snoozed", "spam"})
MOST_FACTS = 50  # of one visitor, so that no talk makes them grow without end: they go with every row of a list
KEPT_FIELDS = {
    "assigned": "assignee_id",
    "unassigned": "assignee_id",
    "status": "status",
    "priority": "priority",
    "labels": "labels",
    "custom_attributes": "custom_attributes",
    "workflow_moved": "metadata.workflowState",
    "note": "note",
}


def decide(claimed: Claimed, basis: Basis, fresh: Fresh, outcome: Outcome) -> Decision:
    """The landing's verdict. A person's act always stands; the reply is posted, parked or dropped around it."""
    if not is_ours(claimed, fresh):
        return NotOurs(fresh.turn_status, fresh.turn_attempt)
    next_turn = wants_next_turn(claimed, fresh)
    if not fresh.policy.responder_enabled:
        return Drop("cancelled", "responder_off")
    overtaken = _overtaken(fresh)
    if overtaken is None:
        return _post(basis, fresh, outcome, next_turn)
    reason, act = overtaken
    if isinstance(outcome, HandOff):
        return Drop("cancelled", reason, next_turn)
    return Park(reason, act.actor_name if act else None, act.at if act else None, next_turn)


def is_ours(claimed: Claimed, fresh: Fresh) -> bool:
    """Whether the turn is still thinking under our attempt (I2): tests/concurrency/test_turns.py::test_fence."""
    return fresh.turn_status == "thinking" and fresh.turn_attempt == claimed.attempt


def wants_next_turn(claimed: Claimed, fresh: Fresh) -> bool:
    """Whether visitor messages wait that this turn did not see, in a conversation that the responder still has."""
    if fresh.newest_question_id is None or not fresh.policy.responder_enabled:
        return False
    answered = fresh.newest_question_id <= (claimed.answers_up_to or 0)
    return not answered and fresh.responder_state == "active" and fresh.status != "spam"


def may_move(fresh: Fresh) -> bool:
    """Whether a routing step's position may land: where a reply would park or be dropped, workflowState stays.

    tests/concurrency/test_turns.py::test_no_position_lands_once_people_have_it
    """
    return fresh.policy.responder_enabled and _overtaken(fresh) is None


def _overtaken(fresh: Fresh) -> tuple[ParkReason, Act | None] | None:
    """Why the reply must wait for a person and their act, if it must. The first reason in DESIGN's order wins."""
    replied = _last(fresh.acts, "message")
    if replied:
        return "person_replied", replied
    if fresh.responder_state != "active":
        return "taken_over", _last(fresh.acts, "taken_over")
    if fresh.status == "spam":
        return "spam", _last(fresh.acts, "status")
    assigned = _last(fresh.acts, "assigned")
    if assigned and fresh.policy.on_assignment == "park":
        return "assigned", assigned
    return None


def _post(basis: Basis, fresh: Fresh, outcome: Outcome, next_turn: bool) -> Post:
    yielded = tuple(
        intent for intent in outcome.intents if overruled(intent, fresh.acts) or is_known_anew(intent, basis, fresh)
    )
    intents = tuple(intent for intent in outcome.intents if intent not in yielded)
    handed_off = isinstance(outcome, HandOff) or any(intent.tool == "hand_off" for intent in intents)
    waits = handed_off or next_turn or fresh.left_to_people
    left = tuple(intent for intent in intents if waits and _puts_aside(intent)) + _without_room(intents, fresh)
    return Post(
        state=workflow_patch(basis.workflow_state, fresh.workflow_state, fresh.acts, outcome.position),
        intents=tuple(intent for intent in intents if intent not in left),
        yielded=yielded,
        kept=kept(fresh.acts),
        next_turn=next_turn and not handed_off,
        left=left,
    )


def _without_room(intents: Iterable[Intent], fresh: Fresh) -> tuple[Intent, ...]:
    """Facts of the visitor that would be more than MOST_FACTS; one that is known is told anew in any case."""
    known = set(fresh.visitor.attributes) if fresh.visitor else set()
    left = []
    for intent in intents:
        if intent.tool == "set_visitor_attribute" and intent.arguments["name"] not in known:
            if len(known) >= MOST_FACTS:
                left.append(intent)
            else:
                known.add(intent.arguments["name"])
    return tuple(left)


def _puts_aside(intent: Intent) -> bool:
    """Whether the wish would take the conversation out of everybody's sight."""
    return intent.tool == "set_status" and intent.arguments.get("status") in ASIDE


def overruled(intent: Intent, acts: Iterable[Act]) -> bool:
    """Whether a person changed the same thing since the claim: then the responder's wish yields."""
    kinds = OVERRULES.get(intent.tool, frozenset())
    if any(act.kind in kinds for act in acts):
        return True
    if intent.tool == "add_label":
        removed = {label for act in acts if act.kind == "labels" for label in act.data.get("removed", ())}
        return intent.arguments.get("label") in removed
    return False


def is_known_anew(intent: Intent, basis: Basis, fresh: Fresh) -> bool:
    """Whether the fact of the visitor that the wish would set is another one than at the claim."""
    if intent.tool != "set_visitor_attribute" or fresh.visitor is None:
        return False
    name = intent.arguments["name"]
    return fresh.visitor.attributes.get(name) != basis.visitor_attributes.get(name)


def kept(acts: Iterable[Act]) -> tuple[Kept, ...]:
    """What people set since the claim, newest value for each field, in the order in which it was last set."""
    latest: dict[str, Kept] = {}
    for act in acts:
        field = KEPT_FIELDS.get(act.kind)
        if field is not None:
            latest.pop(field, None)
            latest[field] = Kept(field, _value(act), act.actor_name, act.at)
    return tuple(latest.values())


def _value(act: Act) -> object:
    if act.kind == "labels":
        return {"added": act.data.get("added", []), "removed": act.data.get("removed", [])}
    if act.kind == "custom_attributes":
        return act.data.get("changed", [])
    return act.data.get("to")  # an unassignment has none: nobody


def _last(acts: Iterable[Act], kind: str) -> Act | None:
    found = [act for act in acts if act.kind == kind]
    return found[-1] if found else None
