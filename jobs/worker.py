"""The worker process: the loop that takes jobs, the sweeper's clock, and what a stop leaves behind.

Owns the process from its start to its end. How jobs are taken and held is jobs/turn_worker.py.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
import time

from redis import Redis
from sqlalchemy.exc import SQLAlchemyError

from inbox.database import single_statements
from inbox.redis import redis_client
from inbox.settings import Settings
from jobs import claim, context
from jobs.context import Context
from jobs.directly import Directly
from jobs.dispatching import dispatch_for_ever
from jobs.queue import QUEUES
from jobs.stopping import Stopping
from jobs.sweep import sweep
from jobs.turn_worker import REDIS_AWAY_SECONDS, TurnWorker

log = logging.getLogger(__name__)

SIGN_OFF_SECONDS = 2.0  # for what RQ says in Redis at the end, after the time in which turns may land
GARBAGE_OBJECTS = 5_000  # so many more before garbage is looked for; 40 turns that begin make them, and need them

_ending = threading.Lock()


def release_all(here: Context) -> int:
    """Give every turn that this process still holds back to the queue, at once; returns how many."""
    held = here.leases.held()
    with single_statements(here.engine).connect() as connection:
        released = [one for one in held if claim.release(connection, one)]
    here.queue.forget_earlier((one.turn_id, one.attempt) for one in released)
    for one in released:
        here.queue.enqueue(one.turn_id, one.attempt, project_id=one.project_id)
    here.waker()
    return len(released)


def sweep_for_ever(here: Context, directly: Directly, stopped: threading.Event) -> None:
    """The sweeper's clock. An outage costs a round, never the thread."""
    while not stopped.wait(here.settings.sweep_seconds):
        try:
            sweep(here, directly)
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
            time.sleep(REDIS_AWAY_SECONDS)


def main(settings: Settings) -> None:
    """Run a worker until SIGTERM or SIGINT: then turns in flight land in time or are released."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s worker %(levelname)s %(message)s")
    for chatty in ("rq.worker", "httpx2"):  # a line for each job and for each request that went well
        logging.getLogger(chatty).setLevel(logging.WARNING)
    here = context.build(settings)
    context.use(here)
    _settle_down()
    stopping = Stopping()
    stopped = stopping.asked
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.ask())
    log.info("Taking turns, %d at once.", settings.turns)
    directly = Directly(here, stopping)
    threading.Thread(target=sweep_for_ever, args=(here, directly, stopped), name="sweeper", daemon=True).start()
    threading.Thread(target=dispatch_for_ever, args=(here, stopped), name="dispatcher", daemon=True).start()
    threading.Thread(target=_end_in_time, args=(here, stopping), name="end", daemon=True).start()
    while not stopped.is_set():
        wait_for_redis(here.redis, stopped)
        if not stopped.is_set():
            _work(here, stopping)
    stopping.let_land(lambda: directly.running)
    _end(here)


def _end_in_time(here: Context, stopping: Stopping) -> None:
    """The main thread may wait for a Redis that hangs, for longer than anybody lets a process stop."""
    stopping.wait_until_over()
    time.sleep(SIGN_OFF_SECONDS)
    _end(here)


def _end(here: Context) -> None:
    """Leave the process. Only the first who comes here does."""
    with _ending:
        try:
            log.info("Stopped; %d turns were released.", release_all(here))
        except SQLAlchemyError as error:
            log.warning("Stopped; the database does not answer, so its turns go with their leases: %s", error)
        logging.shutdown()
        os._exit(0)  # threads that still wait for a model hold nothing; their turns have other owners now


def _settle_down() -> None:
    """What is loaded by now stays, and is not looked through for garbage with every rush of turns."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE_OBJECTS)


def _work(here: Context, stopping: Stopping) -> None:
    """One life of the RQ loop: it ends on a stop request, or when Redis goes away for good.

    Its turns have ended before it does, so its connections go with it:
    tests/integration/test_turn_worker.py::test_a_loop_that_ended_leaves_no_connection.
    """
    with redis_client(str(here.settings.redis_url)) as redis:
        try:
            worker = TurnWorker(list(QUEUES), connection=redis, turns=here.settings.turns, stopping=stopping)
            worker.work(logging_level="WARNING")
        except Exception as error:
            log.warning("The queue's loop ended (%s).", error)
            time.sleep(REDIS_AWAY_SECONDS)
