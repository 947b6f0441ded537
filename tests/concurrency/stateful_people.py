"""One conversation under random acts: what its visitor and its agents do.

Owns those steps. A worker may be there at once.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from inbox import drafts, person_asked
from tests.concurrency.expected import RESTARTED
from tests.concurrency.stateful_stage import ENABLED
from tests.concurrency.stateful_work import ByWorkers

ACTS: list[tuple[str, Any]] = [
    *(("status", status) for status in ("open", "pending", "solved", "snoozed", "spam")),
    *(("priority", priority) for priority in ("low", "high", "urgent")),
    *[("labels", []), ("labels", ["vip"]), ("assignee_id", "Ben"), ("assignee_id", None)],
    *((act, None) for act in ("note", "reply", "take_over", "give_back", "stop", "restart", "switch_off")),
    ("visitor_asks_for_people", None),
]


class ByPeople(ByWorkers):
    """Messages, acts and drafts."""

    @initialize()
    def begins(self) -> None:
        self.visitor_writes(taken=True)

    @rule(taken=st.booleans(), agent_online=st.sampled_from([False, False, False, True]))
    def visitor_writes(self, taken: bool, agent_online: bool = False) -> None:
        """Perhaps a worker is there at once; perhaps an agent, to whom the responder leaves the message."""
        self.people.visitor_writes(agent_online=agent_online)
        self.expected.visitor_wrote(self.people.messages()[-1]["id"], left=agent_online)
        if taken:
            self.work()

    def _visitor_asks_for_people(self) -> None:
        """Of no effect where people have it."""
        with self.people.services.statement() as writing:
            person_asked.ask(writing.connection, self.people.visit, datetime.now(UTC), people_here=True)
        if self.expected.columns["responder_state"] == "active" and self.expected.columns["status"] != "spam":
            self.expected.reopened()
            self.expected.people_have_it("handed_off")

    def _switch_off(self) -> None:
        self._switch(enabled=False)

    def _switch(self, *, enabled: bool) -> None:
        self.expected.enabled = enabled
        self.people.behind_the_back(ENABLED, enabled=enabled)
        self.expected.owed.clear()

    @rule(act=st.sampled_from(ACTS))
    def an_agent_acts(self, act: tuple[str, Any]) -> None:
        """Set a column, or do one of the other acts."""
        name, value = act
        if name not in self.expected.columns:
            getattr(self, f"_{name}")()
            return
        change: dict[str, Any] = {name: self.people.ben.id if value == "Ben" else value}
        self.expected.person_set(self.people.patch(None, **change).row, **change)
        if value == "spam":
            self.expected.owed.clear()

    def _note(self) -> None:
        self.people.act("note", "Look at this.")

    def _reply(self) -> None:
        self.hours_alone = 0
        self.people.act("reply", "I have this.")
        self.expected.people_have_it("paused")
        self.expected.promised = False

    def _take_over(self) -> None:
        """Nothing where people have it already."""
        if self.expected.columns["responder_state"] != "paused":
            self.hours_alone = 0
        self.people.act("take_over")
        self.expected.people_have_it("paused")

    def _give_back(self) -> None:
        newest = self._newest()
        waits = self.people.conversation()["left_to_people"] and newest is not None and newest["author"] == "visitor"
        self.people.act("give_back")
        self.expected.given_back(newest)
        if waits and self.expected.is_the_responders:
            assert len(self._live()) == 1, "I2: it was given back, and nobody answers"

    @precondition(lambda self: not self.expected.is_the_responders)
    @rule()
    def the_responder_gets_it_back(self) -> None:
        """Most of what is to be seen happens while it has the conversation."""
        if not self.expected.enabled:
            self._switch(enabled=True)
        if self.expected.columns["status"] == "spam":
            self.expected.person_set(self.people.patch(status="open").row, status="open")
        self._give_back()

    @precondition(lambda self: self._live())
    @rule(again=st.booleans())
    def an_agent_stops_it(self, again: bool) -> None:
        """And perhaps has it answer after all."""
        self._stop()
        if again:
            self._give_back()

    def _stop(self) -> None:
        for live in self._live():
            self.people.act("stop", live["id"])
            read = max(live["answers"], default=None) if live["status"] == "thinking" else None
            self.expected.owed = {one for one in self.expected.owed if read is not None and one > read}

    def _restart(self) -> None:
        row = self.people.act("move_workflow", None).row
        self.expected.state, self.expected.moved_at = RESTARTED, row["version"]

    @precondition(lambda self: self.expected.parked)
    @rule(discard=st.booleans())
    def draft(self, discard: bool) -> None:
        """A parked reply takes its position along only where the conversation still stands."""
        draft_id, (position, was) = self.expected.parked.popitem()
        with self.people.services.statement() as writing:
            arguments = (writing.connection, self.people.ana, self.people.conversation_id, draft_id)
            drafts.discard(*arguments) if discard else drafts.send(*arguments, None)
        if not discard:
            self.hours_alone = 0
            self.expected.promised = False
            if self.expected.state == was:
                self.expected.state = position
