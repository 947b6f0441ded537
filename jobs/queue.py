"""The RQ queue of turns: a hint to workers, never the truth.

Owns names of queues and jobs, and what happens when Redis is away: nothing, the turn row waits and the sweeper
finds it. Must not be called before the commit of the turn that it enqueues.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq.executions import Execution, ExecutionRegistry
from rq.job import Job, JobStatus
from rq.registry import StartedJobRegistry
from rq.serializers import DefaultSerializer

from inbox.redis import Unheard
from inbox.representation import moment
from inbox.turn_queue import Started
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


def _log_away(turns: Sequence[Started], error: RedisError) -> None:
    for turn_id, _ in turns:
        log.warning("Turn %s is not enqueued, Redis does not answer (%s). The sweeper will find it.", turn_id, error)


class RqTurnQueue:
    """Implements inbox.turn_queue.TurnQueue on RQ."""

    def __init__(self, redis: Redis, tell: Unheard | None = None) -> None:
        """`tell` is how Redis is told of what nobody waits for, with whatever else it is told."""
        self._queue = SharedQueue(TURNS, connection=redis)
        self._tell = tell or Unheard(redis)

    def enqueue(self, turn_id: int, attempt: int = 0, *, project_id: int | None = None) -> None:
        """Enqueue a job that holds the turn's id and nothing else. Never raises for a Redis that is away.

        With its project the turn takes its fair place; without, as for the one that a person asked for, the next.
        """
        try:
            self._queue.add(job_id(turn_id, attempt, project_id), self._job(turn_id, attempt), CHANNEL)
        except RedisError as error:
            _log_away([(turn_id, project_id)], error)

    def announce(self, turns: Sequence[Started]) -> None:
        """After a commit: enqueue (turn id, project id) pairs, each of which wakes the readers of the event streams in
        the same call; without any, wake them. Never raises for a Redis that is away, nor waits for its answer: whoever
        acts has nothing to gain by it.
        """
        try:
            for turn_id, project_id in turns:
                self._tell(*self._queue.adding(job_id(turn_id, 0, project_id), self._job(turn_id, 0), CHANNEL))
            if not turns:
                self._tell("PUBLISH", CHANNEL, b"")
        except RedisError as error:
            _log_away(turns, error)

    def _job(self, turn_id: int, attempt: int) -> dict[str, Any]:
        """What RQ keeps of the job: made by RQ once, for all but the turn and the time is the same in each."""
        at = moment(datetime.now(UTC))  # RQ writes it as we do
        return self._alike | {
            "data": DefaultSerializer.dumps((RUN_TURN, None, (turn_id,), {})),  # RQ takes it compressed or as it is
            "description": f"turn {turn_id}, attempt {attempt + 1}",
            "created_at": at,
            "enqueued_at": at,
        }

    @cached_property
    def _alike(self) -> dict[str, Any]:
        job = Job.create(
            RUN_TURN,
            connection=self._queue.connection,
            origin=TURNS,
            status=JobStatus.QUEUED,
            timeout=JOB_TIMEOUT_SECONDS,
            result_ttl=0,
            failure_ttl=FAILURES_KEPT_SECONDS,
        )
        return {field: value for field, value in job.to_dict().items() if value != ""}

    def without_job(self, turns: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Of (turn id, attempt) pairs, those for which no job waits in the queue. Raises RedisError.

        The queue's list decides, not the job's own status: a worker that was killed between taking a job and starting
        it leaves a job that calls itself queued and waits nowhere (tests/integration/test_launch.py).
        """
        waiting = {one.partition("-p")[0] for one in self._queue.waiting()}
        return [turn for turn in turns if job_id(*turn) not in waiting]

    def forget_earlier(self, turns: Iterable[tuple[int, int]]) -> None:
        """What was noted of earlier attempts of these (turn id, attempt) pairs is over: their worker is gone, or gave
        them back. RQ would say for a quarter of an hour that they run, and then that they failed.

        Silent when Redis is away: the notes are as well, or expire.
        """
        attempts = {f"turn-{turn_id}": attempt for turn_id, attempt in turns}
        registry = StartedJobRegistry(TURNS, connection=self._queue.connection)
        with suppress(RedisError), self._queue.connection.pipeline(transaction=False) as together:
            for name, execution_id in registry.get_job_and_execution_ids(cleanup=False):
                turn, _, attempt = name.partition("-p")[0].rpartition("-")
                if turn in attempts and int(attempt) < attempts[turn]:
                    execution = Execution(execution_id, name, self._queue.connection)
                    together.zrem(registry.key, execution.composite_key)
                    together.delete(execution.key, ExecutionRegistry(name, self._queue.connection).key)
                    together.delete(Job.key_for(name))
            together.execute()

    def level(self, *, wake: bool = False) -> None:
        """A job has left the line: whoever is next moves up; `wake` the readers of the event streams in the same call.

        Silent when Redis is away, the sweeper levels too.
        """
        with suppress(RedisError):
            self._queue.level(CHANNEL if wake else None)
