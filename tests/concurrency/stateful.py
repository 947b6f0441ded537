"""One conversation as a state machine: what visitors, agents, workers and the clock may do to it at any moment.

Owns the steps. What must be true after each is in expected.py; test_stateful.py runs it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)
from rq import Queue

from inbox import drafts, person_asked
from jobs import claim, snapshot, sweep
from jobs.context import Context
from jobs.landing import TurnLost
from jobs.queue import TURNS
from responder.outcome import HandOff, Intent, Position, Reply, Step
from tests.concurrency.expected import LIVE, RESTARTED, Expected, Held, Row, violations
from tests.people import People

AT_REST = 30  # rounds of sweeps after which nothing may be alive
AFTER, ORDER = Position("after", 1), Position("order", 1)
ACTS: list[tuple[str, Any]] = [
    *(("status", status) for status in ("open", "pending", "solved", "snoozed", "spam")),
    *(("priority", priority) for priority in ("low", "high", "urgent")),
    *[("labels", []), ("labels", ["vip"]), ("assignee_id", "Ben"), ("assignee_id", None)],
    *((act, None) for act in ("note", "reply", "take_over", "give_back", "stop", "restart", "switch_off")),
    ("visitor_asks_for_people", None),
]
WISHES = {"status": "set_status", "priority": "set_priority"}
VALUES = {"status": "pending", "priority": "high"}
JUMP = """
WITH t AS (UPDATE turn SET lease_until = lease_until - interval '2 hours', created_at = created_at - interval '2 hours',
    next_try_at = next_try_at - interval '2 hours' WHERE conversation_id = :conversation)
UPDATE conversation SET person_at = person_at - interval '2 hours', snoozed_until = snoozed_until - interval '2 hours'
WHERE id = :conversation"""
RULE = """UPDATE project SET resume_rule = 'after_hours', resume_after_hours = 3, answers_when = 'no_agent_online'
WHERE :conversation > 0"""
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


class Conversation(RuleBasedStateMachine):
    """One conversation from its first message to its rest."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.people = stage.visitor()
        self.people.behind_the_back(ENABLED, enabled=True)
        self.expected = Expected.of(self.people.conversation())
        self.held: list[Held] = []
        self.hours_alone = 0

    # What people do ---------------------------------------------------------------------------------------------------

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

    # What workers do, and what is done to them ------------------------------------------------------------------------

    @precondition(lambda self: self._jobs())
    @rule()
    def work(self) -> None:
        """Take the first job: claim, read."""
        for job_id in self._jobs()[:1]:
            Queue(TURNS, connection=self.stage.worker.redis).remove(job_id)
            self.stage.worker.queue.level()
            self._take(int(job_id.split("-")[1]))

    def _jobs(self) -> list[str]:
        return Queue(TURNS, connection=self.stage.worker.redis).get_job_ids()

    def _take(self, turn_id: int) -> None:
        with self.people.services.statement() as writing:
            claimed = claim.claim(writing.connection, turn_id, lease_seconds=3600, max_attempts=3)
            work = snapshot.read(writing.connection, claimed) if claimed else None
        if work is not None:
            self.held.append(Held(work, work.basis.version, self.expected.state))

    @precondition(lambda self: self.held)
    @rule(wishes=st.sets(st.sampled_from(sorted(WISHES))), status=st.sampled_from(["pending", "solved"]))
    def the_newest_holder_lands(self, wishes: set[str], status: str) -> None:
        self._land(self.held.pop(), wishes, status=status)

    @precondition(lambda self: len(self.held) > 1)
    @rule(wishes=st.sets(st.sampled_from(sorted(WISHES))))
    def the_oldest_holder_lands(self, wishes: set[str]) -> None:
        """Its lease has lapsed long ago, or its turn was stopped."""
        self._land(self.held.pop(0), wishes)

    @precondition(lambda self: self.held)
    @rule()
    def the_newest_holder_hands_off(self) -> None:
        self._land(self.held.pop(), set(), HandOff("model_failed", "A person will come."))

    def _land(
        self, held: Held, wishes: set[str], hand_off: HandOff | None = None, *, status: str = VALUES["status"]
    ) -> None:
        values = {**VALUES, "status": status}
        intents = tuple(Intent(WISHES[name], {name: values[name]}) for name in sorted(wishes))
        outcome = held.work.refusal or hand_off or Reply("The reply.", AFTER, intents)
        before = self._turn(held.turn_id)
        is_its = before["status"] == "thinking" and before["attempt"] == held.work.claimed.attempt
        self.stage.worker.lander.land(held.work.claimed, held.work.basis, outcome)
        turn = self._turn(held.turn_id)
        if not is_its:
            assert turn == before, "I2: a turn that had ended, or had another holder, was landed"
            return
        done = {name: values[name] for name in wishes}
        if status == "solved" and self._wrote_again(held):
            done.pop("status", None)
        self.expected.landed(held, turn, done, AFTER.as_json())
        if turn["status"] in {"landed", "handed_off"}:
            self._says_what_was_kept(held)

    def _wrote_again(self, held: Held) -> bool:
        """What the visitor has written since the turn read: it is not solved behind their back."""
        asked: list[int] = [message["id"] for message in self.people.messages() if message["author"] == "visitor"]
        return max(asked) > (held.work.claimed.answers_up_to or 0)

    @precondition(lambda self: self.held)
    @rule()
    def route(self) -> None:
        """A routing step of the newest holder."""
        held = self.held[-1]
        try:
            step = Step("ask", "condition", "yes")
            basis = self.stage.worker.lander.land_position(held.work.claimed, held.work.basis, ORDER, step)
        except TurnLost:
            self.held.remove(held)
            return
        moved = basis.workflow_state == ORDER.as_json() != held.state
        if self.expected.stands_for(held) and moved:
            assert self.expected.is_the_responders, "I1: the workflow went on although people had the conversation"
            self.expected.state = held.state = ORDER.as_json()
        held.work = replace(held.work, basis=basis)

    @precondition(lambda self: self.held)
    @rule(politely=st.booleans())
    def kill(self, politely: bool) -> None:
        """A worker dies with its turn, or gives it back because it is told to stop."""
        held = self.held.pop()
        if politely:
            with self.people.services.statement() as writing:
                claim.release(writing.connection, held.work.claimed)

    @rule(hours=st.booleans(), redis=st.booleans())
    def time_passes(self, hours: bool, redis: bool) -> None:
        """Perhaps two hours, perhaps Redis forgets everything. Then a sweep enqueues, hands off and gives back."""
        if hours:
            self.people.behind_the_back(JUMP)
            self.hours_alone += 2
        if redis:
            self.stage.worker.redis.flushall()
        newest = self._newest()
        before = {turn["id"]: turn["status"] for turn in self.people.turns()}
        sweep.sweep(self.stage.worker)
        columns = self.expected.columns
        if columns["responder_state"] == "paused" and columns["status"] != "spam" and self.hours_alone >= 3:
            self.expected.given_back(newest)
        for turn in self.people.turns():
            if turn["status"] == "handed_off" != before.get(turn["id"]):
                self.expected.people_have_it("handed_off")

    # What must be true ------------------------------------------------------------------------------------------------

    @invariant()
    def everything_is_as_it_must_be(self) -> None:
        self.stage.steps += 1
        problems = list(violations(self.expected, self.people))
        assert not problems, problems

    def teardown(self) -> None:
        """Workers and the clock go on until nothing is alive: every turn ends."""
        self.held.clear()
        for _ in range(AT_REST):
            if not self._live():
                return
            self.people.behind_the_back(JUMP)
            sweep.sweep(self.stage.worker)
            while self._jobs():
                self.work()
            while self.held:
                self._land(self.held.pop(), set())
        raise AssertionError(f"I2: turns without an end: {self._live()}")

    def _says_what_was_kept(self, held: Held) -> None:
        ended = [entry for entry in self.people.timeline() if entry["turn_id"] == held.turn_id]
        landed = next(entry for entry in ended if "kept" in entry["data"] and entry["kind"] != "tool")
        kept = {one["field"] for one in landed["data"]["kept"]}
        assert self.expected.kept_since(held) <= kept, f"kept and not said: {self.expected.kept_since(held) - kept}"

    def _newest(self) -> Row | None:
        public = [message for message in self.people.messages() if not message["private"]]
        return public[-1] if public else None

    def _live(self) -> list[Row]:
        return [turn for turn in self.people.turns() if turn["status"] in LIVE]

    def _turn(self, turn_id: int) -> Row:
        return next(turn for turn in self.people.turns() if turn["id"] == turn_id)
