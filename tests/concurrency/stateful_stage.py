"""One conversation under random acts: what all who act on it have in hand.

Owns the stage, and looking at the conversation. Who acts how is in stateful_work.py (workers and the clock) and
stateful_people.py; stateful.py puts them together.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis.stateful import RuleBasedStateMachine

from jobs.context import Context
from tests.concurrency.expected import LIVE, Expected, Held, Row
from tests.people import People

ENABLED = "UPDATE project SET responder_enabled = :enabled WHERE :conversation > 0"


@dataclass
class Stage:
    """The servers and people that all runs share; each run has a conversation of its own."""

    people: People
    worker: Context
    steps: int = 0

    def visitor(self) -> People:
        """Somebody new, in an empty conversation."""
        self.worker.redis.flushall()
        services = replace(self.people.services, turn_queue=self.worker.queue)
        return replace(self.people.arrives_too(), services=services)


class Staged(RuleBasedStateMachine):
    """A conversation, the model of it, and the turns that workers hold."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.people = stage.visitor()
        self.people.behind_the_back(ENABLED, enabled=True)
        self.expected = Expected.of(self.people.conversation())
        self.held: list[Held] = []
        self.hours_alone = 0

    def _newest(self) -> Row | None:
        public = [message for message in self.people.messages() if not message["private"]]
        return public[-1] if public else None

    def _live(self) -> list[Row]:
        return [turn for turn in self.people.turns() if turn["status"] in LIVE]

    def _turn(self, turn_id: int) -> Row:
        return next(turn for turn in self.people.turns() if turn["id"] == turn_id)
