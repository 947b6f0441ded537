"""What one schedule plays with: a conversation whose turn thinks, and everything that people may do to it meanwhile.

Owns no test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from inbox import acts, drafts, projects
from jobs.values import Work
from tests.people import People, writes

MAIN = "landing"
Row = Mapping[Any, Any]
Do = Callable[[Connection, "World"], object]


@dataclass
class World:
    """One schedule's conversation, with a turn that thinks."""

    people: People
    work: Work
    token: str
    draft_id: int
    done: list[str] = field(default_factory=list)

    @property
    def at(self) -> int:
        """The conversation."""
        return self.work.claimed.conversation_id


ACTS: dict[str, Do] = {
    "assign": lambda c, w: acts.patch(c, w.people.ana, w.at, {"assignee_id": w.people.ben.id}),
    "unassign": lambda c, w: acts.patch(c, w.people.ana, w.at, {"assignee_id": None}),
    "claim": lambda c, w: acts.claim(c, w.people.ben, w.at),
    "status": lambda c, w: acts.patch(c, w.people.ana, w.at, {"status": "pending"}),
    "priority": lambda c, w: acts.patch(c, w.people.ana, w.at, {"priority": "urgent"}),
    "label": lambda c, w: acts.patch(c, w.people.ana, w.at, {"labels": ["vip"]}),
    "note": lambda c, w: acts.note(c, w.people.ana, w.at, "A note."),
    "reply": lambda c, w: acts.reply(c, w.people.ana, w.at, "A person's reply."),
    "take over": lambda c, w: acts.take_over(c, w.people.ana, w.at),
    "give back": lambda c, w: acts.give_back(c, w.people.ana, w.at),
    "stop": lambda c, w: acts.stop(c, w.people.ana, w.at, w.work.claimed.turn_id),
    "restart workflow": lambda c, w: acts.move_workflow(c, w.people.ana, w.at, None),
    "mark as spam": lambda c, w: acts.patch(c, w.people.ana, w.at, {"status": "spam"}),
    "send a draft": lambda c, w: drafts.send(c, w.people.ana, w.at, w.draft_id, None),
    "visitor writes": lambda c, w: writes(c, w.token, "And this?"),
    "switch off": lambda c, w: projects.change(c, w.people.ana, {"responder_enabled": False}),
}
