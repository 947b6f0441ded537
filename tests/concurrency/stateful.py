"""One conversation as a state machine: what visitors, agents, workers and the clock may do to it at any moment.

Owns what is held against the model (expected.py) after each step, and that all comes to rest. The steps are in
stateful_people.py and stateful_work.py; test_stateful.py runs it.
"""

from __future__ import annotations

from hypothesis.stateful import invariant

from jobs import sweep
from tests.concurrency.expected import violations
from tests.concurrency.stateful_people import ByPeople
from tests.concurrency.stateful_work import JUMP

AT_REST = 30  # rounds of sweeps after which nothing may be alive


class Conversation(ByPeople):
    """One conversation from its first message to its rest."""

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
