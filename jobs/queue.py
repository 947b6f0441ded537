"""The RQ queue of turns: a hint to workers, never the truth.

Owns names of queues and jobs, and what happens when Redis is away: nothing, the turn row waits and the sweeper
finds it. Must not be called before the commit of the turn that it enqueues.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import RedisError

from inbox.wake import CHANNEL
from jobs.sharing import SharedQueue, mark

log = logging.getLogger(__name__)

# By purpose, and taken in this order: a visitor waits for a turn, nobody sits before a delivery or an evaluation.
# A stock `rq worker turns deliveries evaluations` keeps to the order as well.
TURNS = "turns"
DELIVERIES = "deliveries"
EVALUATIONS = "evaluations"
QUEUES = (TURNS, DELIVERIES, EVALUATIONS)

RUN_TURN = "jobs.turn.run_turn"
JOB_TIMEOUT_SECONDS = 900  # far beyond any turn; a stock worker's alarm, for the model client has its own limits
FAILURES_KEPT_SECONDS = 86_400


def job_id(turn_id: int, attempt: int, project_id: int | None = None) -> str:
    """One job for each attempt, so that a turn tried again is never mistaken for its last try."""
    return f"turn-{turn_id}-{attempt}{mark(project_id)}"


class RqTurnQueue:
    """Implements inbox.turn_queue.TurnQueue on RQ."""

    def __init__(self, redis: Redis) -> None:
        self._queue = SharedQueue(TURNS, connection=redis, default_timeout=JOB_TIMEOUT_SECONDS)

    def enqueue(self, turn_id: int, attempt: int = 0, *, project_id: int | None = None) -> None:
        """Enqueue a job that holds the turn's id and nothing else. Never raises for a Redis that is away.

        With its project the turn takes its fair place; without, as for the one that a person asked for, the next.
        """
        try:
            with self._queue.connection.pipeline() as together:
                self._add(together, turn_id, attempt, project_id)
                together.execute()
        except RedisError as error:
            _not_enqueued(turn_id, error)

    def announce(self, turns: Sequence[tuple[int, int | None]]) -> None:
        """After a commit, in one call: enqueue (turn id, project id) pairs and wake the readers of the event streams.

        Never raises for a Redis that is away.
        """
        try:
            with self._queue.connection.pipeline() as together:
                for turn_id, project_id in turns:
                    self._add(together, turn_id, 0, project_id)
                together.publish(CHANNEL, b"")
                together.execute()
        except RedisError as error:
            for turn_id, _ in turns:
                _not_enqueued(turn_id, error)

    def _add(self, pipeline: Pipeline, turn_id: int, attempt: int, project_id: int | None) -> None:
        self._queue.enqueue_call(
            RUN_TURN,
            (turn_id,),
            job_id=job_id(turn_id, attempt, project_id),
            result_ttl=0,
            failure_ttl=FAILURES_KEPT_SECONDS,
            description=f"turn {turn_id}, attempt {attempt + 1}",
            pipeline=pipeline,
        )

    def without_job(self, turns: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Of (turn id, attempt) pairs, those for which no job waits in the queue. Raises RedisError.

        The queue's list decides, not the job's own status: a worker that was killed between taking a job and starting
        it leaves a job that calls itself queued and waits nowhere (tests/integration/test_launch.py).
        """
        waiting = {one.partition("-p")[0] for one in self._queue.waiting()}
        return [turn for turn in turns if job_id(*turn) not in waiting]

    def level(self) -> None:
        """A job has left the line: whoever is next moves up. Silent when Redis is away, the sweeper levels too."""
        with suppress(RedisError):
            self._queue.level()


def _not_enqueued(turn_id: int, error: RedisError) -> None:
    log.warning("Turn %s is not enqueued, Redis does not answer (%s). The sweeper will find it.", turn_id, error)
