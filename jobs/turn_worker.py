"""An RQ worker that holds many turns at once in threads: a turn waits, it does not compute.

Owns room and draining. To everything around it it is an RQ worker: registries, `rq info`, failure registry,
heartbeats, crash recovery. Must not know what a turn does.

A forked work-horse costs tens of MB for each waiting turn, a thread 45 KiB. Greenlets were measured when it was 80:
a fifth less memory and no less processor time, and the first rush of 500 stood still for two minutes.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any, cast

from redis.exceptions import RedisError
from rq import Queue
from rq.exceptions import DequeueTimeout
from rq.job import Job
from rq.utils import as_text
from rq.worker import WorkerStatus

from jobs.noting import NotingWorker
from jobs.room import Room, Rooms
from jobs.stopping import Stopping

log = logging.getLogger(__name__)

TURNS_FOR_A_BACKGROUND_JOB = 4  # a worker of 100 turns has 25 places for deliveries and evaluations beside them
BACKGROUND_LOOK_SECONDS = 0.25  # how often the queues in the background are looked at while the turns' room is full
MOST_TAKEN = 8  # turns at once: most of what two round trips for each would cost, and others find some as well
NO_THREAD_SECONDS = 0.25  # until another is asked for; what runs ends meanwhile
POLL_SECONDS = 1  # how long the loop may wait for a job before it looks at the stop request
REDIS_AWAY_SECONDS = 1.0  # until a Redis that does not answer is asked again


@contextmanager
def _redis_may_be_away() -> Iterator[None]:
    """Then it costs a second, and what runs goes on: the sweeper runs the turns that wait (jobs/directly.py)."""
    try:
        yield
    except RedisError as error:
        log.warning("Redis does not answer (%s); trying again in a second.", error)
        time.sleep(REDIS_AWAY_SECONDS)


class _JobThread(threading.Thread):
    """Runs one job. With a `run` of its own: the standard one passes on `*args`, for which the interpreter calls itself
    anew, and with that much more of its stack a turn would reach for another 4 KiB, and keep them while it waits.
    """

    def __init__(self, work: Callable[[Job, Queue], None], job: Job, queue: Queue) -> None:
        super().__init__(name=job.id, daemon=True)
        self._work, self._job, self._queue = work, job, queue

    def run(self) -> None:
        self._work(self._job, self._queue)


class TurnWorker(NotingWorker):
    """Takes a job only when there is room for it, and runs each in a thread of its own.

    The first of its queues is the visitors' and has a room of so many turns; the others share the room behind it.

    Jobs are found in two ways. As long as turns stand in line they are taken by the handful (`_next_turn`), two round
    trips for eight: RQ takes one at a time, with two for each. RQ's way (`_next_job`) takes what the other queues have,
    and is what waits where there is nothing, for a list can only be waited for one by one.
    """

    exponential_backoff_factor = 1.0  # RQ would wait ever longer, up to a minute, while visitors wait too

    def __init__(self, *arguments: Any, turns: int = 100, stopping: Stopping | None = None, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._stopping = stopping or Stopping()
        self._rooms = Rooms(turns, max(1, turns // TURNS_FOR_A_BACKGROUND_JOB))
        self._popped: list[str] = []
        self._taken: deque[Job] = deque()
        self._running: set[threading.Thread] = set()
        self._guard = threading.Lock()

    @property
    def dequeue_timeout(self) -> int:
        """Short, because RQ's loop does not look at the stop request while it waits."""
        return POLL_SECONDS

    @property
    def connection_timeout(self) -> int:
        """A blocked pop must not outlive its own wait by much, or a lost Redis is noticed late."""
        return POLL_SECONDS + 10

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Take no more jobs; the loop ends at its next look."""
        log.info("Stopping: no more turns are taken, those in flight land or are released.")
        self._stop_requested = True
        self._stopping.ask()

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        """Wait for room first, then for a job. None once a stop is requested, which ends RQ's loop."""
        while not self._stopping.asked.is_set():
            with _redis_may_be_away():
                turns_fit = self._rooms.has_place(Room.TURNS)
                listening = [queue for queue in self.queues if self._rooms.has_place(self._room_of(queue))]
                # While only the background has room nothing blocks: a turn's place that frees is to be filled at once.
                found = self._next_turn() or self._next_job(listening, timeout if turns_fit else None)
                if found is not None:
                    self._rooms.enter(self._room_of(found[1]))
                    return found
                if not self.running:
                    self._write_state(WorkerStatus.IDLE)
                if timeout is None and len(listening) == len(self.queues):
                    return None
                self._wait_for_room(turns_fit, bursting=timeout is None)
        return None

    def _wait_for_room(self, turns_fit: bool, *, bursting: bool) -> None:
        if not turns_fit:
            self.heartbeat()
            self._rooms.wait(Room.TURNS, BACKGROUND_LOOK_SECONDS)
        elif bursting:
            self._rooms.wait(Room.BACKGROUND, BACKGROUND_LOOK_SECONDS)

    def _next_turn(self) -> tuple[Job, Queue] | None:
        """The next of those that were taken together; where there is none, as many are taken as find a place."""
        queue = self.queues[0]
        if not self._taken and (places := min(self._rooms.places(Room.TURNS), MOST_TAKEN)):
            self._taken.extend(self._take(queue, places))
        return (self._taken.popleft(), queue) if self._taken else None

    def _take(self, queue: Queue, places: int) -> Iterator[Job]:
        """What was popped is kept until it has been read: a Redis that fails in between loses nothing."""
        if not self._popped:
            popped = cast(list[bytes] | None, self.connection.lpop(queue.key, places))
            self._popped = [as_text(one) for one in popped or ()]
        if self._popped:
            found = Job.fetch_many(self._popped, self.connection, self.serializer)
            self._popped = []
            yield from filter(None, found)  # one that is gone was withdrawn

    def _give_back(self) -> None:
        """What was taken and not begun goes to the front of the queue."""
        self._popped += [job.id for job in self._taken]
        self._taken.clear()
        while self._popped:
            self.queues[0].push_job_id(self._popped.pop(), at_front=True)

    def _next_job(self, listening: list[Queue], timeout: int | None) -> tuple[Job, Queue] | None:
        """As RQ does it, whose own way would wait for a Redis that is away and not look at the stop request."""
        self.heartbeat()
        if self.should_run_maintenance_tasks:
            self.run_maintenance_tasks()  # type: ignore[no-untyped-call]  # RQ leaves it untyped
        if not listening:
            return None
        with suppress(DequeueTimeout):
            found: tuple[Job, Queue] | None = self.queue_class.dequeue_any(
                listening,
                None if timeout is None else POLL_SECONDS,
                connection=self.connection,
                job_class=self.job_class,
                serializer=self.serializer,
                death_penalty_class=self.death_penalty_class,
            )
            return found
        return None

    def _room_of(self, queue: Queue) -> Room:
        return Room.TURNS if queue.name == self.queues[0].name else Room.BACKGROUND

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Start the job in a thread and come back for the next. Where the system has no thread to give it goes back."""
        thread = _JobThread(self._run, job, queue)
        with self._guard:
            self._running.add(thread)
        try:
            thread.start()
        except RuntimeError as error:  # of a container, say, that may have few
            log.warning("Job %s goes back into the queue: %s.", job.id, error)
            self._leave(thread, queue)
            queue.push_job_id(job.id, at_front=True)
            time.sleep(NO_THREAD_SECONDS)

    def _run(self, job: Job, queue: Queue) -> None:
        try:
            self.perform_job(job, queue, self.prepare_execution(job))
        except Exception:  # Redis went away around the job; the turn row knows how far it came
            log.exception("Job %s could not be recorded in Redis.", job.id)
        finally:
            self._leave(threading.current_thread(), queue)

    def _leave(self, thread: threading.Thread, queue: Queue) -> None:
        with self._guard:
            self._running.discard(thread)
        self._rooms.leave(self._room_of(queue))

    @property
    def running(self) -> int:
        """How many jobs run now."""
        with self._guard:
            return len(self._running)

    def teardown(self) -> None:
        """Drain first: RQ would sign the worker off while its threads still run."""
        with suppress(RedisError):  # the sweeper finds them
            self._give_back()
        self._stopping.let_land(lambda: self.running)
        super().teardown()  # type: ignore[no-untyped-call]  # RQ leaves it untyped
