"""An RQ worker that holds many turns at once in threads: a turn waits, it does not compute.

Owns room, draining and the sweeper's clock. To everything around it it is an RQ worker: registries, `rq info`,
failure registry, heartbeats, crash recovery. Must not know what a turn does.

A forked work-horse costs tens of MB for each waiting turn. RQ's own time limit is a signal, which only the main
thread can have, so time limits belong to the model client.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from datetime import UTC, datetime
from types import FrameType
from typing import Any

from redis import Redis
from rq import Queue, SimpleWorker
from rq.executions import Execution
from rq.job import Job
from rq.registry import StartedJobRegistry
from rq.timeouts import BaseDeathPenalty
from rq.worker import WorkerStatus

from inbox.database import single_statements
from inbox.redis import redis_client
from inbox.settings import Settings
from jobs import claim, context
from jobs.context import Context
from jobs.queue import TURNS
from jobs.sweep import sweep

log = logging.getLogger(__name__)

POLL_SECONDS = 1  # how long the loop may wait for a job before it looks at the stop request
HEARTBEAT_SECONDS = 5.0
FOREVER_SECONDS = float("inf")
DRAIN_SECONDS = 5.0  # turns in flight may land for so long; then they are released to other workers


class NoDeathPenalty(BaseDeathPenalty):
    """No alarm: signals reach the main thread only, and the model client limits every wait itself."""

    def setup_death_penalty(self) -> None:
        """Nothing to set up."""

    def cancel_death_penalty(self) -> None:
        """Nothing to cancel."""

    def handle_death_penalty(self, signum: int, frame: FrameType | None) -> None:
        """Never called."""


class TurnWorker(SimpleWorker):
    """Takes a job only when there is room for it, and runs each in a thread of its own."""

    death_penalty_class = NoDeathPenalty
    log_job_description = False
    log_result_lifespan = False
    exponential_backoff_factor = 1.0  # RQ would wait ever longer, up to a minute, while visitors wait too

    def __init__(self, *arguments: Any, turns: int = 100, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._turns = turns
        self._room = threading.Semaphore(turns)
        self._running: set[threading.Thread] = set()
        self._guard = threading.Lock()
        self._beat_at = self._suspension_seen_at = -FOREVER_SECONDS

    @property
    def dequeue_timeout(self) -> int:
        """Short, because RQ's loop does not look at the stop request while it waits."""
        return POLL_SECONDS

    @property
    def connection_timeout(self) -> int:
        """A blocked pop must not outlive its own wait by much, or a lost Redis is noticed late."""
        return POLL_SECONDS + 10

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Take no more jobs; the loop ends at its next look. A second signal changes nothing: draining is short."""
        log.info("Stopping: no more turns are taken, those in flight land or are released.")
        self._stop_requested = True

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Wait for room first, then for a job. None once a stop is requested, which ends RQ's loop."""
        while not self._stop_requested:
            if not self._room.acquire(timeout=POLL_SECONDS):
                self.heartbeat()
                continue
            found = self._next_job(timeout)
            if found is not None:
                return found
            self._room.release()
            if not self.running:
                self._write_state(WorkerStatus.IDLE)
            if timeout is None:
                return None
        return None

    def _next_job(self, timeout: int | None) -> tuple[Job, Queue] | None:
        wait = None if timeout is None else POLL_SECONDS
        found: tuple[Job, Queue] | None = super().dequeue_job_and_maintain_ttl(wait, wait)
        return found

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Start the job in a thread and come back for the next."""
        thread = threading.Thread(target=self._run, args=(job, queue), name=job.id, daemon=True)
        with self._guard:
            self._running.add(thread)
        thread.start()

    def _run(self, job: Job, queue: Queue) -> None:
        try:
            self.perform_job(job, queue, self.prepare_execution(job))
        except Exception:  # Redis went away around the job; the turn row knows how far it came
            log.exception("Job %s could not be recorded in Redis.", job.id)
        finally:
            with self._guard:
                self._running.discard(threading.current_thread())
            self._room.release()

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
        if time.monotonic() - self._suspension_seen_at < POLL_SECONDS:
            return
        super().check_for_suspension(burst)
        self._suspension_seen_at = time.monotonic()

    def procline(self, message: str) -> None:
        """The process keeps its name: it holds many jobs."""

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

    @property
    def stop_requested(self) -> bool:
        """Whether a signal asked this worker to stop."""
        return bool(self._stop_requested)

    @property
    def running(self) -> int:
        """How many jobs run now."""
        with self._guard:
            return len(self._running)

    def teardown(self) -> None:
        """Drain first: RQ would sign the worker off while its threads still run."""
        self.drain(DRAIN_SECONDS if self._stop_requested else None)
        super().teardown()  # type: ignore[no-untyped-call]  # RQ leaves it untyped

    def drain(self, seconds: float | None) -> int:
        """Wait for the jobs in flight, at most so long (None: to their end); returns how many still run."""
        until = None if seconds is None else time.monotonic() + seconds
        while self.running and (until is None or time.monotonic() < until):
            time.sleep(0.02)
        return self.running


def release_all(here: Context) -> int:
    """Give every turn that this process still holds back to the queue, at once; returns how many."""
    held = here.leases.held()
    with single_statements(here.engine).connect() as connection:
        released = [one for one in held if claim.release(connection, one)]
    for one in released:
        here.queue.enqueue(one.turn_id, one.attempt)
    here.waker()
    return len(released)


def sweep_for_ever(here: Context, stopped: threading.Event) -> None:
    """The sweeper's clock. An outage costs a round, never the thread."""
    while not stopped.wait(here.settings.sweep_seconds):
        try:
            sweep(here)
        except Exception as error:
            log.warning("The sweep failed and will be tried again: %s", error)


def wait_for_redis(redis: Redis, stopped: threading.Event) -> None:
    """RQ ends when Redis is away at its start; this waits instead, with a word each time."""
    while not stopped.is_set():
        try:
            redis.ping()
            return
        except Exception as error:
            log.warning("Redis does not answer (%s); trying again in a second.", error)
            stopped.wait(1)


def main(settings: Settings) -> None:
    """Run a worker until SIGTERM or SIGINT: then turns in flight land within DRAIN_SECONDS or are released."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s worker %(levelname)s %(message)s")
    logging.getLogger("rq.worker").setLevel(logging.WARNING)
    here = context.build(settings)
    context.use(here)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    threading.Thread(target=sweep_for_ever, args=(here, stopped), name="sweeper", daemon=True).start()
    while not stopped.is_set():
        wait_for_redis(here.redis, stopped)
        if not stopped.is_set():
            _work(here, stopped)
    released = release_all(here)
    log.info("Stopped; %d turns were released.", released)
    logging.shutdown()
    os._exit(0)  # threads that still wait for a model hold nothing; their turns have other owners now


def _work(here: Context, stopped: threading.Event) -> None:
    """One life of the RQ loop: it ends on a stop request, or when Redis goes away for good."""
    redis = redis_client(str(here.settings.redis_url))
    try:
        worker = TurnWorker([TURNS], connection=redis, turns=here.settings.turns)
        worker.work(logging_level="WARNING")
    except Exception as error:
        log.warning("The queue's loop ended (%s).", error)
        stopped.wait(1)
        return
    if worker.stop_requested:
        stopped.set()
