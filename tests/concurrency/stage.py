"""Where schedules are explored: worlds, actors who may be held at each step, and the check of what came of it.

Owns no test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine, text

from inbox import visiting
from inbox.database import connect
from jobs import claim, snapshot
from jobs.landing import Lander, TurnLost
from responder.outcome import Position, Reply, Step
from tests.concurrency.stepper import Body, explore
from tests.concurrency.stepper import Step as HeldAt
from tests.concurrency.violated import violations
from tests.concurrency.world import ACTS, MAIN, World
from tests.people import WORKFLOW, People, writes

REPLY = "The responder's reply."
# An earlier turn's reply that waits for a person.
PARKED = text(
    """
WITH t AS (
    INSERT INTO turn (project_id, conversation_id, status, reason)
    SELECT project_id, id, 'parked', 'taken_over' FROM conversation WHERE id = :id RETURNING *)
INSERT INTO draft (project_id, conversation_id, turn_id, content, reason)
SELECT project_id, conversation_id, id, 'An earlier reply.', 'taken_over' FROM t RETURNING id
"""
)


@pytest.fixture
def actors(database_url: str) -> Iterator[Callable[[str], Engine]]:
    """An engine for each actor, told apart by its application_name."""
    engines: dict[str, Engine] = {}

    def engine(name: str) -> Engine:
        return engines.setdefault(name, connect(database_url, pool_size=2, application=name))

    yield engine
    for one in engines.values():
        one.dispose()


@pytest.fixture
def stage(people: People, actors: Callable[[str], Engine], redis_url: str) -> Stage:
    """Where the schedules run."""
    people.use_workflow(WORKFLOW)
    return Stage(people, actors, Redis.from_url(redis_url))


@dataclass
class Stage:
    """Makes worlds and actors, and checks what came of a schedule."""

    people: People
    engine: Callable[[str], Engine]
    redis: Any
    schedules: int = 0

    def world(self) -> World:
        """A visitor has written, and the turn is claimed and has read what it may know."""
        with self.people.services.statement() as writing:
            connection = writing.connection
            connection.execute(text("UPDATE project SET responder_enabled = true"))
            session = visiting.start_session(connection, key=self.people.project_key, visitor={})
            draft_id = connection.execute(PARKED, {"id": session.conversation_id}).scalar_one()
            received = writes(connection, session.token, "A question.")
            assert received.turn_id is not None
            claimed = claim.claim(connection, received.turn_id, lease_seconds=600, max_attempts=3)
            assert claimed is not None
            work = snapshot.read(connection, claimed)
        assert work is not None
        return World(self.people, work, session.token, draft_id)

    def landing(self, world: World, name: str = MAIN, *, redis: Any = None) -> tuple[str, Body]:
        """The final reply's landing."""

        def body(step: HeldAt) -> None:
            step("door")
            reply = Reply(REPLY, Position("after", 1))
            landed = Lander(self.engine(name), redis, step).land(world.work.claimed, world.work.basis, reply)
            world.done.append(f"{name} {type(landed.decision).__name__}")

        return name, body

    def routing(self, world: World, *, redis: Any = None) -> tuple[str, Body]:
        """A routing step's landing of another holder of the turn."""

        def body(step: HeldAt) -> None:
            step("door")
            lander = Lander(self.engine("routing"), redis, step)
            try:
                lander.land_position(
                    world.work.claimed, world.work.basis, Position("order", 1), Step("ask", "condition", "yes")
                )
            except TurnLost:
                world.done.append("routing lost")

        return "routing", body

    def under(self, lock: str, landing: Callable[..., tuple[str, Body]], world: World) -> tuple[str, Body]:
        """The landing with the lock, without it, or with it lost between its re-fetch and its statement."""
        name, body = landing(world, redis=None if lock == "without the lock" else self.redis)
        if "mid-landing" not in lock:
            return name, body
        key = f"tandem:conversation:{world.at}"
        lose = self.redis.flushall if lock.startswith("Redis") else lambda: self.redis.delete(key)

        def losing(step: HeldAt) -> None:
            def held(at: str) -> None:
                if at == "refetched":
                    lose()
                step(at)

            body(held)

        return name, losing

    def person(self, world: World, act: str) -> tuple[str, Body]:
        """A person's act in two steps: its statement, and its commit."""

        def body(step: HeldAt) -> None:
            step("before")
            with self.engine(act).begin() as connection:
                ACTS[act](connection, world)
                step("commit")
            world.done.append(act)

        return act, body

    def explore(
        self,
        make: Callable[[World], list[tuple[str, Body]]],
        *doing: str,
        preemptions: int | None = None,
        shares_door: frozenset[str] = frozenset(),
    ) -> None:
        """Run every schedule and check each."""
        worlds: list[World] = []

        def fresh() -> list[tuple[str, Body]]:
            worlds.append(self.world())
            return make(worlds[-1])

        for schedule in explore(self.people.services.database, fresh, preemptions=preemptions, shares_door=shares_door):
            self.schedules += 1
            with self.people.services.reading() as connection:
                problems = list(violations(connection, worlds[-1], doing))
            assert not problems, f"{problems} in schedule {schedule}; order of commits: {worlds[-1].done}"
