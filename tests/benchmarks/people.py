"""What a person's click costs while the responder hammers the same conversation.

Owns the hammer: 32 landers in processes of their own. At rest means: on another conversation, under the same load.
"""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

from commands.projects import create_agent
from inbox import acts
from inbox.access import Agent
from inbox.database import connect
from inbox.redis import redis_client
from inbox.services import Services
from inbox.wake import Waker
from jobs.landing import Lander
from tests.benchmarks.landing import BASIS, REPLY, Work
from tests.benchmarks.measuring import Operation, Timed, one_client
from tests.benchmarks.stage import Stage
from tests.benchmarks.table import Line, Table
from tests.conftest import ListQueue

PROCESSES, THREADS = 4, 8


def run(stage: Stage, table: Table, *, full: bool) -> None:
    """PATCH of a conversation under 32 landers, and of one beside it, in turns."""
    clicks = 400 if full else 120
    stage.allow_many_live_turns()
    hot = Work(stage, 20_000 if full else 6_000, 1).claimed
    calm = Work(stage, 1).claimed[0].conversation_id
    with stage.engine.begin() as connection:
        made = create_agent(connection, "ana@bench.example", project_id=stage.project_id)
    agent = Agent(made.id, "Ana", "ana@bench.example", stage.project_id, "agent")
    stop = multiprocessing.get_context("fork").Event()
    hammers = [
        multiprocessing.get_context("fork").Process(target=_hammer, args=(stage, hot[number::PROCESSES], stop))
        for number in range(PROCESSES)
    ]
    for hammer in hammers:
        hammer.start()
    services = Services(connect(stage.url, pool_size=2), ListQueue(Waker(redis_client(stage.redis_url))))
    found: dict[int, list[float]] = {calm: [], hot[0].conversation_id: []}
    for _ in range(4):
        for conversation_id, seconds in found.items():
            timed = one_client(_clicks(services, agent, conversation_id), clicks // 4)
            seconds += timed.seconds
    stop.set()
    for hammer in hammers:
        hammer.join()
    at_rest, hammered = (Timed(tuple(seconds), 0).percentile(99) for seconds in found.values())
    table.add(Line("a person's PATCH, p99, under 32 landers / at rest", at_rest, hammered, "ms", 2.0))


def _clicks(services: Services, agent: Agent, conversation_id: int) -> Iterator[Operation]:
    number = 0
    while True:
        number += 1
        yield partial(_click, services, agent, conversation_id, ["low", "high"][number % 2])


def _click(services: Services, agent: Agent, conversation_id: int, priority: str) -> None:
    with services.statement() as writing:
        acts.patch(writing.connection, agent, conversation_id, {"priority": priority})


def _hammer(stage: Stage, claimed: list[Any], stop: Any) -> None:
    lander = Lander(connect(stage.url, pool_size=THREADS), redis_client(stage.redis_url))

    def land(mine: list[Any]) -> None:
        for one in mine:
            if stop.is_set():
                return
            lander.land(one, BASIS, REPLY)

    threads = [threading.Thread(target=land, args=(claimed[number::THREADS],)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
