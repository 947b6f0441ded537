"""The timeline's sentences, each kind once."""

from __future__ import annotations

from typing import Any

import pytest

from inbox.timeline import SENTENCES, sentence

AT = "2026-01-25T10:02:14+00:00"
BEN = {"id": 2, "name": "Ben"}
KEPT = {"field": "assignee_id", "value": BEN, "by": "Ada", "at": "2026-01-25T10:02:09+00:00"}

CASES: list[tuple[str, str, dict[str, Any], str]] = [
    ("message", "visitor", {}, "Ada wrote"),
    ("message", "agent", {"message_id": 1}, "Ada replied"),
    ("message", "agent", {"draft_id": 1, "position_applied": True}, "Ada sent the AI’s parked reply"),
    (
        "message", "agent", {"draft_id": 1, "position_applied": False},
        "Ada sent the AI’s parked reply; the workflow stays where it is",
    ),
    ("note", "agent", {}, "Ada added a note"),
    ("assigned", "agent", {"to": BEN, "from": None}, "Ada assigned it to Ben"),
    ("assigned", "agent", {"to": {"id": 1, "name": "Ada"}}, "Ada assigned it to themselves"),
    ("unassigned", "agent", {"from": BEN}, "Ada assigned it to nobody"),
    ("status", "agent", {"from": "open", "to": "solved"}, "Ada set the status to solved"),
    ("priority", "agent", {"to": "high"}, "Ada set the priority to high"),
    ("labels", "agent", {"added": ["a", "b"], "removed": ["c"]}, "Ada changed the labels: added a, b; removed c"),
    ("custom_attributes", "agent", {"changed": ["plan"]}, "Ada changed plan"),
    ("taken_over", "agent", {}, "Ada took over"),
    ("given_back", "agent", {}, "Ada gave it back to the responder"),
    ("handed_off", "responder", {"reason": "model_failed"}, "Ada handed off, because the model failed"),
    ("reopened", "visitor", {"from": "solved"}, "It was reopened by the visitor’s message"),
    ("turn_landed", "responder", {"landed_at": AT, "kept": []}, "Ada finished 10:02:14"),
    (
        "turn_landed", "responder", {"landed_at": AT, "kept": [KEPT]},
        "Ada finished 10:02:14; Ada’s assignment of 10:02:09 kept",
    ),
    (
        "turn_parked", "responder", {"reason": "person_replied", "by": "Ben", "landed_at": AT},
        "Ada finished 10:02:14; its reply is parked, because Ben replied first",
    ),
    ("turn_dropped", "agent", {"reason": "stopped"}, "Ada stopped the AI"),
    ("turn_dropped", "agent", {"reason": "discarded", "draft_id": 3}, "Ada discarded the AI’s parked reply"),
    (
        "turn_dropped", "responder", {"reason": "responder_off"},
        "Ada did not answer, because the responder was switched off",
    ),
    ("tool", "responder", {"tool": "set_status", "wanted": {"status": "solved"}, "outcome": "done"},
     "Ada: set status solved"),
    ("note_edited", "agent", {}, "Ada edited a note"),
    ("message_removed", "agent", {"note": False, "author": "agent"}, "Ada removed a message"),
    ("message_removed", "agent", {"note": True, "author": "agent"}, "Ada removed a note"),
    ("message_removed", "agent", {"note": False, "author": "visitor"}, "Ada removed a message of the visitor"),
    ("message_removed", "agent", {"note": False, "author": "responder"}, "Ada removed a message of the AI"),
    ("needs_no_answer", "agent", {}, "Ada found nothing to answer"),
    ("rated", "visitor", {"score": 5, "comment": ""}, "Ada rated it 5 of 5"),
    ("rated", "visitor", {"score": 2, "comment": "Slow."}, "Ada rated it 2 of 5: “Slow.”"),
    ("workflow_moved", "agent", {"from": "a", "to": None}, "Ada restarted the workflow"),
    ("workflow_moved", "agent", {"from": "a", "to": "b"}, "Ada moved the workflow to b"),
    ("workflow_moved", "responder", {"from": "a", "to": "b", "route": "yes"}, "Ada went from a by yes to b"),
]  # fmt: skip


def entry(kind: str, actor: str, data: dict[str, Any], name: str | None = "Ada") -> dict[str, Any]:
    return {"kind": kind, "actor_type": actor, "actor_id": 1, "actor_name": name, "at": AT, "data": data}


@pytest.mark.parametrize(("kind", "actor", "data", "words"), CASES)
def test_sentence(kind: str, actor: str, data: dict[str, Any], words: str) -> None:
    assert sentence(entry(kind, actor, data)) == words


def test_every_kind_has_one() -> None:
    assert {case[0] for case in CASES} == SENTENCES.keys()


def test_nobody_in_particular() -> None:
    assert sentence(entry("message", "visitor", {}, None)) == "The visitor wrote"


def test_names_are_data() -> None:
    assert sentence(entry("note", "agent", {}, "{actor} {0} %s")) == "{actor} {0} %s added a note"
