"""The landing: the only moment in which a turn touches its conversation.

Owns the loop "lock, re-fetch, decide, one guarded statement, again if somebody wrote in between".
Must never be called while a model is being waited for, and never saves a conversation that it read.

The idea of re-fetch and atomic update is the founding plan's; the version makes it exact: the statement counts
only if nobody wrote since the re-fetch. An answer to COMMIT that got lost is safe: the next re-fetch finds the turn
ended under our own attempt (tests/concurrency/test_unknown_commit.py).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from inbox.act_parts import ASSIGNEE_IS_MEMBER
from inbox.database import fetch_one, is_away, refused_by, single_statements
from jobs import binding, landing_sql, remembering
from jobs.decide import decide, is_ours, may_move
from jobs.lock import conversation_lock
from jobs.merge import stands_already, workflow_patch
from jobs.values import Act, Basis, Claimed, Decision, Drop, Fresh, NotOurs, Policy, Post
from jobs.waiting import is_waited_for
from responder.outcome import HandOff, Outcome, Position, Reply, Step

MAX_TRIES = 50  # each lost try means that somebody else's write counted; 50 in a row is a storm, not a race
AWAY_SECONDS = 60.0  # how long a finished reply waits for a database that restarts
AWAY_SLEEP_SECONDS = 0.2

T = TypeVar("T")
Attempt = Callable[[Connection, "Fresh | None", float | None], T | None]


class LandingContended(Exception):
    """Somebody wrote in every single try. The turn is tried again later."""


class TurnLost(Exception):
    """The turn is no longer ours, so there is no point in thinking on."""


@dataclass(frozen=True)
class Landed:
    """What the landing did. `next_turn` waits in the queue; `version` is the conversation's after the write."""

    decision: Decision
    version: int | None = None
    message_id: int | None = None
    next_turn: int | None = None
    window_ms: float | None = None


@dataclass(frozen=True)
class Lander:
    """Lands outcomes. `pause` is called at named points, where a test may hold the landing; it does nothing else."""

    engine: Engine
    redis: Any
    pause: Callable[[str], None] = lambda point: None

    def land(self, claimed: Claimed, basis: Basis, outcome: Outcome | Drop) -> Landed:
        """Write the outcome once, or refuse it, around whatever people did since `basis`.

        Raises LandingContended after MAX_TRIES lost tries and the database's own error once it has been away for
        AWAY_SECONDS. Safe to call again with the same turn: it then finds the turn ended and writes nothing.
        """
        try:
            return self._land(claimed, basis, outcome)
        except IntegrityError as error:
            # Removed since the model named them, perhaps this moment: the check waits for a removal under way.
            # tests/concurrency/test_wishes_to_assign.py::test_an_assignment_to_who_is_being_removed
            if not refused_by(error, ASSIGNEE_IS_MEMBER):
                raise
            return self._land(claimed, basis, outcome, assignee_left=True)

    def _land(self, claimed: Claimed, basis: Basis, outcome: Outcome | Drop, *, assignee_left: bool = False) -> Landed:
        def attempt(connection: Connection, fresh: Fresh | None, lock_wait_ms: float | None) -> Landed | None:
            if fresh is None:  # the conversation is gone, and its turn with it
                return Landed(NotOurs("cancelled", claimed.attempt))
            decision = _verdict(claimed, basis, fresh, outcome)
            if isinstance(decision, NotOurs):
                return Landed(decision, next_turn=_waiting_turn(connection, claimed))
            if isinstance(outcome, Drop) and outcome.status != "failed":  # perhaps for a reason that is gone by now
                decision = replace(outcome, next_turn=is_waited_for(connection, claimed.conversation_id))
            if assignee_left and isinstance(decision, Post):
                decision = decision.without_assignment()
            statement, parameters = binding.bind(claimed, basis, fresh, outcome, decision, lock_wait_ms)
            row = fetch_one(connection, statement, parameters)
            if row is None:  # somebody wrote since the re-fetch: tests/concurrency/test_landing.py
                return None
            return Landed(decision, row.version, row.message_id, row.next_turn, row.window_ms)

        return self._through_the_door(claimed, basis, attempt, remembers=remembering.wanted(outcome))

    def land_position(self, claimed: Claimed, basis: Basis, position: Position, step: Step) -> Basis:
        """Merge a routing step's position into metadata, and nothing else. Returns the basis moved on by it.

        A position that a person has moved meanwhile stays theirs, and it stays as it is once people have the
        conversation: the draft carries it then. Raises TurnLost if the turn is no longer ours.
        """

        def attempt(connection: Connection, fresh: Fresh | None, _lock_wait_ms: float | None) -> Basis | None:
            if fresh is None or not is_ours(claimed, fresh):
                raise TurnLost(f"turn {claimed.turn_id} ended or was claimed by another worker")
            state = workflow_patch(basis.workflow_state, fresh.workflow_state, fresh.acts, position)
            if state is None:
                ours = stands_already(fresh.workflow_state, fresh.acts, position)
                return replace(basis, workflow_state=fresh.workflow_state) if ours else basis
            if not may_move(fresh):
                return basis
            moved = {"from": step.node_id, "to": position.node_id, "route": step.route}
            if step.type == "started_over":
                moved["why"] = "node_gone"
            parameters = binding.move(claimed, fresh, state, moved)
            row = fetch_one(connection, landing_sql.move(), parameters)
            return None if row is None else replace(basis, workflow_state=row.metadata["workflowState"])

        return self._through_the_door(claimed, basis, attempt)

    def _through_the_door(self, claimed: Claimed, basis: Basis, attempt: Attempt[T], *, remembers: bool = False) -> T:
        """Lock, then re-fetch and attempt until one attempt counts."""
        with conversation_lock(self.redis, claimed.conversation_id) as lock_wait_ms:
            for _ in range(MAX_TRIES):
                done = self._once(claimed, basis, lock_wait_ms, attempt, remembers)
                if done is not None:
                    return done
        raise LandingContended(f"turn {claimed.turn_id}: {MAX_TRIES} tries met another write each")

    def _once(
        self, claimed: Claimed, basis: Basis, lock_wait_ms: float | None, attempt: Attempt[T], remembers: bool
    ) -> T | None:
        """One try. While the database is away, the finished reply waits for it here."""
        give_up_at = time.monotonic() + AWAY_SECONDS
        while True:
            try:
                with single_statements(self.engine).connect() as connection:
                    fresh = refetch(connection, claimed, basis)
                    if fresh is not None and remembers:
                        fresh = replace(fresh, visitor=remembering.known(connection, claimed))
                    self.pause("refetched")
                    done = attempt(connection, fresh, lock_wait_ms)
                    self.pause("lost" if done is None else "written")
                    return done
            except SQLAlchemyError as error:
                if not is_away(error) or time.monotonic() > give_up_at:
                    raise
                time.sleep(AWAY_SLEEP_SECONDS)


def refetch(connection: Connection, claimed: Claimed, basis: Basis) -> Fresh | None:
    """The conversation, its policy, the turn and what people did since the basis, in one SELECT; None if it is gone."""
    parameters = {
        "conversation": claimed.conversation_id,
        "turn": claimed.turn_id,
        "epoch": basis.epoch,
        "since": basis.version,
    }
    row = fetch_one(connection, landing_sql.REFETCH, parameters)
    if row is None:
        return None
    metadata = row.metadata if isinstance(row.metadata, Mapping) else {}
    return Fresh(
        version=row.version,
        epoch=row.epoch,
        status=row.status,
        responder_state=row.responder_state,
        workflow_state=metadata.get("workflowState"),
        newest_question_id=row.newest_question_id,
        turn_status=row.turn_status,
        turn_attempt=row.attempt,
        acts=tuple(Act(**act) for act in row.acts or ()),
        policy=Policy(row.responder_enabled, row.on_assignment),
        fetched_at=row.fetched_at,
        left_to_people=row.left_to_people,
    )


def _verdict(claimed: Claimed, basis: Basis, fresh: Fresh, outcome: Outcome | Drop) -> Decision:
    if isinstance(outcome, Reply | HandOff):
        return decide(claimed, basis, fresh, outcome)
    return outcome if is_ours(claimed, fresh) else NotOurs(fresh.turn_status, fresh.turn_attempt)


def _waiting_turn(connection: Connection, claimed: Claimed) -> int | None:
    """A turn left waiting by a landing whose answer was lost; enqueuing it twice does no harm."""
    found: int | None = connection.execute(landing_sql.WAITING, {"conversation": claimed.conversation_id}).scalar()
    return found
