"""An RQ worker for many short jobs at once: what it notes of each in Redis costs few round trips.

Owns the notes: executions, heartbeats, states, the end of a job. Registries and `rq info` say what they always say.
Must not know where jobs run.

RQ's own time limit is a signal, which only the main thread can have, so time limits belong to the model client.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from rq import Queue, SimpleWorker
from rq.executions import Execution
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.timeouts import BaseDeathPenalty
from rq.worker import WorkerStatus

HEARTBEAT_SECONDS = 5.0
WORKER_TTL_SECONDS = 30  # RQ adds 60: that long `rq info` shows a worker that was killed; with RQ's own 420, 8 minutes
SUSPENSION_SECONDS = 1.0
FOREVER_SECONDS = float("inf")


class NoDeathPenalty(BaseDeathPenalty):
    """No alarm: signals reach the main thread only, and the model client limits every wait itself."""

    def setup_death_penalty(self) -> None:
        """Nothing to set up."""

    def cancel_death_penalty(self) -> None:
        """Nothing to cancel."""

    def handle_death_penalty(self, signum: int, frame: FrameType | None) -> None:
        """Never called."""


class NotingWorker(SimpleWorker):
    """Notes what RQ notes, together where RQ takes a round trip for each."""

    death_penalty_class = NoDeathPenalty
    log_job_description = False
    log_result_lifespan = False

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **({"worker_ttl": WORKER_TTL_SECONDS} | named))
        self._beat_at = self._suspension_seen_at = -FOREVER_SECONDS

    def set_state(self, state: str, pipeline: Any = None) -> None:
        """Idle is for the loop to say, when it found no job and none runs: one thread's end is not the worker's."""
        if state != WorkerStatus.IDLE:
            self._write_state(state, pipeline)

    def _write_state(self, state: str, pipeline: Any = None) -> None:
        if state != self._state:
            super().set_state(state, pipeline)

    # RQ beats, asks for a suspension and renames the process several times for each job, each a round trip or a
    # system call. Between jobs that come in quick succession once in a while says the same.

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Still alive; at most once in HEARTBEAT_SECONDS, for the key lives for minutes."""
        if time.monotonic() - self._beat_at < HEARTBEAT_SECONDS:
            return
        self._beat_at = time.monotonic()
        if pipeline is not None:
            super().heartbeat(None, pipeline)
            return
        with self.connection.pipeline(transaction=False) as together:
            super().heartbeat(None, together)
            together.execute()

    def check_for_suspension(self, burst: bool) -> None:
        """`rq suspend` is heard within a second."""
        if time.monotonic() - self._suspension_seen_at < SUSPENSION_SECONDS:
            return
        super().check_for_suspension(burst)
        self._suspension_seen_at = time.monotonic()

    def procline(self, message: str) -> None:
        """The process keeps its name: it holds many jobs."""

    def prepare_execution(self, job: Job) -> Execution:
        """Note that the job runs here. RQ takes two round trips for it, this and what `prepare_job_execution` does."""
        ttl = self.get_heartbeat_ttl(job)
        with self.connection.pipeline() as together:
            execution = Execution.create(job, ttl, pipeline=together, worker_name=self.name)
            self.executions[execution.id] = execution
            self.set_state(WorkerStatus.BUSY, together)
            self.heartbeat(ttl, together)
            job.prepare_for_execution(self.name, pipeline=together)
            together.persist(job.key)
            if len(self.queues) == 1:  # RQ's blocking way to take from one queue leaves a mark
                together.lrem(self.queues[0].intermediate_queue_key, 1, job.id)
            together.execute()
        return execution

    def prepare_job_execution(self, job: Job, remove_from_intermediate_queue: bool = False) -> None:
        """Done already, with the execution."""

    def handle_execution_ended(self, job: Job, queue: Queue, heartbeat_ttl: int) -> None:
        """Only notes the time: the job's last heartbeat would be written a moment before its result is."""
        job.ended_at = datetime.now(UTC)

    def handle_job_success(
        self, job: Job, queue: Queue, started_job_registry: StartedJobRegistry, execution: Execution
    ) -> None:
        """A job that leaves no result, as a turn does, is gone from Redis in one round trip. Others go RQ's way."""
        plain = job.get_result_ttl(self.default_result_ttl) == 0 and not (
            job.repeats_left or job.group_id or job.has_rate_limit
        )
        if not plain or self.connection.exists(job.dependents_key):
            super().handle_job_success(job, queue, started_job_registry, execution)
            return
        assert job.started_at is not None
        assert job.ended_at is not None
        with self.connection.pipeline() as together:
            self.increment_successful_job_count(pipeline=together)
            self.increment_total_working_time(job.ended_at - job.started_at, together)
            together.delete(job.key, job.dependencies_key)
            self.cleanup_execution(job, pipeline=together, execution=execution)
            together.execute()
