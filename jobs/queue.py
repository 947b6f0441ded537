"""The RQ queue of turns: a hint to workers, never the truth.

Owns names of queues and jobs, and what happens when Redis is away: nothing, the turn row waits and the sweeper
finds it. Must not be called before the commit of the turn that it enqueues.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue

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


def job_id(turn_id: int, attempt: int) -> str:
    """One job for each attempt, so that a turn tried again is never mistaken for its last try."""
    return f"turn-{turn_id}-{attempt}"


class RqTurnQueue:
    """Implements inbox.turn_queue.TurnQueue on RQ."""

    def __init__(self, redis: Redis) -> None:
        self._queue = Queue(TURNS, connection=redis, default_timeout=JOB_TIMEOUT_SECONDS)

    def enqueue(self, turn_id: int, attempt: int = 0) -> None:
        """Enqueue a job that holds the turn's id and nothing else. Never raises for a Redis that is away."""
        try:
            self._queue.enqueue(
                RUN_TURN,
                turn_id,
                job_id=job_id(turn_id, attempt),
                result_ttl=0,
                failure_ttl=FAILURES_KEPT_SECONDS,
                description=f"turn {turn_id}, attempt {attempt + 1}",
            )
        except RedisError as error:
            log.warning(
                "Turn %s is not enqueued, Redis does not answer (%s). The sweeper will find it.", turn_id, error
            )

    def without_job(self, turns: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Of (turn id, attempt) pairs, those for which no job waits in the queue. Raises RedisError.

        The queue's list decides, not the job's own status: a worker that was killed between taking a job and starting
        it leaves a job that calls itself queued and waits nowhere (tests/integration/test_launch.py).
        """
        waiting = set(self._queue.get_job_ids())
        return [turn for turn in turns if job_id(*turn) not in waiting]
