"""Other people's workers doing the same: arq, Celery's threads, Dramatiq, Procrastinate. Runs in .venv/bench only.

Owns what each is told to do. `python -m … NAME ADDRESS JOBS` prints the seconds from the first trivial job to the last;
`python -m … waiting ADDRESS JOBS PORT MESSAGES` prints the PSS of an arq worker, in KiB, with one job that waits for
the model's answer to these messages, and with all of them.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

AT_ONCE = 100


class Stopwatch:
    """Prints the seconds between the first and the last of so many jobs, and ends the process."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._started: float | None = None
        self._done = 0

    def job(self) -> None:
        """One trivial job."""
        self._started = self._started or time.perf_counter()
        self._done += 1
        if self._done >= self._jobs:
            # Celery takes the printed words of its tasks for its log.
            print(time.perf_counter() - self._started, file=sys.__stdout__, flush=True)
            os._exit(0)


def arq(address: str, jobs: int, watch: Stopwatch) -> None:
    """One loop, a hundred coroutines."""

    async def nothing(_: Any) -> None:
        watch.job()

    asyncio.run(_arq(address, [("nothing", ())] * jobs, [nothing], AT_ONCE))


async def _arq(address: str, jobs: list[tuple[str, tuple[Any, ...]]], functions: list[Any], at_once: int) -> None:
    from arq import create_pool
    from arq.connections import RedisSettings
    from arq.worker import Worker, func

    settings = RedisSettings(unix_socket_path=address.removeprefix("unix://"))
    pool = await create_pool(settings)
    await _enqueue(pool, jobs)
    worker = Worker(
        [func(one, name=one.__name__) for one in functions],
        redis_settings=settings,
        max_jobs=at_once,
        poll_delay=0.01,
        keep_result=0,
        handle_signals=False,
    )
    await worker.main()


async def _enqueue(pool: Any, jobs: list[tuple[str, tuple[Any, ...]]]) -> None:
    for name, arguments in jobs:
        await pool.enqueue_job(name, *arguments)


def waiting(address: str, jobs: int, port: int, messages: Any) -> None:
    """Jobs that each hold a request to the slow model, in one arq worker: one first, then the others."""
    from openai import AsyncOpenAI

    client = AsyncOpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="-", max_retries=0)
    waits = 0

    async def ask(context: Any) -> None:
        nonlocal waits
        waits += 1
        if waits == 1:
            asyncio.get_running_loop().call_later(2, others, context["redis"])
        if waits == jobs:
            asyncio.get_running_loop().call_later(3, report, True)
        await client.chat.completions.create(model="slow", messages=messages, stream=True)

    def others(pool: Any) -> None:
        report(False)
        enqueueing.append(asyncio.ensure_future(_enqueue(pool, [("ask", ())] * (jobs - 1))))

    def report(last: bool) -> None:
        print(_pss(), flush=True)
        if last:
            os._exit(0)

    enqueueing: list[Any] = []  # asyncio keeps no task of its own accord
    asyncio.run(_arq(address, [("ask", ())], [ask], jobs))


def celery(address: str, jobs: int, watch: Stopwatch) -> None:
    """Its pool of threads."""
    from celery import Celery

    app = Celery("bench", broker="redis+socket://" + address.removeprefix("unix://"))

    @app.task(name="nothing", ignore_result=True)
    def task() -> None:
        watch.job()

    for _ in range(jobs):
        task.delay()
    app.worker_main(["worker", "--pool", "threads", "--concurrency", str(AT_ONCE), "--loglevel", "ERROR"])


def dramatiq(address: str, jobs: int, watch: Stopwatch) -> None:
    """Its worker's threads."""
    import dramatiq as library
    from dramatiq.brokers.redis import RedisBroker

    broker = RedisBroker(url=address)
    library.set_broker(broker)

    @library.actor
    def actor() -> None:
        watch.job()

    for _ in range(jobs):
        actor.send()
    library.Worker(broker, worker_threads=AT_ONCE).start()
    time.sleep(600)


def procrastinate(address: str, jobs: int, watch: Stopwatch) -> None:
    """PostgreSQL as its queue."""
    from procrastinate import App, PsycopgConnector

    app = App(connector=PsycopgConnector(conninfo=address))

    @app.task(name="nothing")
    async def nothing() -> None:
        watch.job()

    async def work() -> None:
        async with app.open_async():
            await app.schema_manager.apply_schema_async()
            for _ in range(jobs):
                await nothing.defer_async()
            await app.run_worker_async(concurrency=AT_ONCE, install_signal_handlers=False)

    asyncio.run(work())


def _pss() -> float:
    found = re.search(r"^Pss:\s+(\d+) kB", Path("/proc/self/smaps_rollup").read_text(), re.MULTILINE)
    return float(found[1]) if found else 0.0


TRIVIAL: dict[str, Callable[[str, int, Stopwatch], None]] = {
    "arq": arq,
    "Celery": celery,
    "Dramatiq": dramatiq,
    "Procrastinate": procrastinate,
}

if __name__ == "__main__":
    name, where, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if name == "waiting":
        waiting(where, number, int(sys.argv[4]), json.loads(sys.argv[5]))
    else:
        TRIVIAL[name](where, number, Stopwatch(number))
