"""One conversation under random acts: what workers do, what is done to them, and the clock.

Owns those steps.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from rq import Queue

from jobs import claim, snapshot, sweep
from jobs.landing import TurnLost
from jobs.queue import TURNS
from responder.outcome import HandOff, Intent, Position, Reply, Step
from tests.concurrency.expected import Held
from tests.concurrency.stateful_stage import Staged

AFTER, ORDER = Position("after", 1), Position("order", 1)
WISHES = {"status": "set_status", "priority": "set_priority"}
VALUES = {"status": "pending", "priority": "high"}
JUMP = """
WITH t AS (UPDATE turn SET lease_until = lease_until - interval '2 hours', created_at = created_at - interval '2 hours',
    next_try_at = next_try_at - interval '2 hours' WHERE conversation_id = :conversation)
UPDATE conversation SET person_at = person_at - interval '2 hours', snoozed_until = snoozed_until - interval '2 hours'
WHERE id = :conversation"""


class ByWorkers(Staged):
    """Turns are taken, routed, landed, handed off and killed."""

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

    def _says_what_was_kept(self, held: Held) -> None:
        ended = [entry for entry in self.people.timeline() if entry["turn_id"] == held.turn_id]
        landed = next(entry for entry in ended if "kept" in entry["data"] and entry["kind"] != "tool")
        kept = {one["field"] for one in landed["data"]["kept"]}
        assert self.expected.kept_since(held) <= kept, f"kept and not said: {self.expected.kept_since(held) - kept}"
