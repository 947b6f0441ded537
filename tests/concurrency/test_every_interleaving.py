"""Every schedule of a landing against acts of people, against itself, and against a routing step's landing.

What is found is counted and printed; the numbers stand in the README's table.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Connection, Engine, text

from inbox import acts, drafts, projects, visiting
from inbox.database import connect
from inbox.visiting import Visit
from jobs import claim, snapshot
from jobs.landing import Lander, TurnLost
from jobs.values import Work
from responder.outcome import Position, Reply, Step
from tests.concurrency import faults
from tests.concurrency.stepper import Body, explore
from tests.concurrency.stepper import Step as HeldAt
from tests.people import WORKFLOW, People

pytestmark = pytest.mark.timeout(400)  # hundreds of schedules, on a machine that may be busy
REPLY = "The responder's reply."
MAIN = "landing"
Row = Mapping[Any, Any]
Do = Callable[[Connection, "World"], object]


@dataclass
class World:
    """One schedule's conversation, with a turn that thinks."""

    people: People
    work: Work
    visit: Visit
    draft_id: int
    done: list[str] = field(default_factory=list)

    @property
    def at(self) -> int:
        """The conversation."""
        return self.work.claimed.conversation_id


ACTS: dict[str, Do] = {
    "assign": lambda c, w: acts.patch(c, w.people.ana, w.at, {"assignee_id": w.people.ben.id}),
    "unassign": lambda c, w: acts.patch(c, w.people.ana, w.at, {"assignee_id": None}),
    "claim": lambda c, w: acts.claim(c, w.people.ben, w.at),
    "status": lambda c, w: acts.patch(c, w.people.ana, w.at, {"status": "pending"}),
    "priority": lambda c, w: acts.patch(c, w.people.ana, w.at, {"priority": "urgent"}),
    "label": lambda c, w: acts.patch(c, w.people.ana, w.at, {"labels": ["vip"]}),
    "note": lambda c, w: acts.note(c, w.people.ana, w.at, "A note."),
    "reply": lambda c, w: acts.reply(c, w.people.ana, w.at, "A person's reply."),
    "take over": lambda c, w: acts.take_over(c, w.people.ana, w.at),
    "give back": lambda c, w: acts.give_back(c, w.people.ana, w.at),
    "stop": lambda c, w: acts.stop(c, w.people.ana, w.at, w.work.claimed.turn_id),
    "restart workflow": lambda c, w: acts.move_workflow(c, w.people.ana, w.at, None),
    "mark as spam": lambda c, w: acts.patch(c, w.people.ana, w.at, {"status": "spam"}),
    "send a draft": lambda c, w: drafts.send(c, w.people.ana, w.at, w.draft_id, None),
    "visitor writes": lambda c, w: visiting.receive(c, w.visit, "And this?", agent_online=False),
    "switch off": lambda c, w: projects.change(c, w.people.ana, {"responder_enabled": False}),
}
STANDS: dict[str, Callable[[World, Row], bool]] = {
    "assign": lambda w, row: row["assignee_id"] == w.people.ben.id,
    "unassign": lambda w, row: row["assignee_id"] is None,
    "claim": lambda w, row: row["assignee_id"] == w.people.ben.id,
    "status": lambda w, row: row["status"] == "pending",
    "priority": lambda w, row: row["priority"] == "urgent",
    "label": lambda w, row: row["labels"] == ["vip"],
    "reply": lambda w, row: row["responder_state"] == "paused",
    "take over": lambda w, row: row["responder_state"] == "paused",
    "mark as spam": lambda w, row: row["status"] == "spam",
}
UNDO_EACH_OTHER = [{"assign", "unassign", "claim"}, {"reply", "take over", "give back"}, {"status", "mark as spam"}]
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
            visit = visiting.who(connection, session.token)
            assert visit is not None
            draft_id = connection.execute(PARKED, {"id": visit.conversation_id}).scalar_one()
            received = visiting.receive(connection, visit, "A question.", agent_online=False)
            assert received.turn_id is not None
            claimed = claim.claim(connection, received.turn_id, lease_seconds=600, max_attempts=3)
            assert claimed is not None
            work = snapshot.read(connection, claimed)
        assert work is not None
        return World(self.people, work, visit, draft_id)

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
            problems = list(self.violations(worlds[-1], doing))
            assert not problems, f"{problems} in schedule {schedule}; order of commits: {worlds[-1].done}"

    def violations(self, world: World, doing: tuple[str, ...]) -> Iterator[str]:
        """What must hold after any schedule, and does not."""
        with self.people.services.reading() as connection:
            row = (
                connection.execute(text("SELECT * FROM conversation WHERE id = :id"), {"id": world.at}).mappings().one()
            )
            # The turn that thought; giving back may have started another.
            turn = connection.execute(TURN, {"id": world.work.claimed.turn_id}).mappings().one()
            messages = list(connection.execute(MESSAGES, {"id": world.at}).mappings())
            parked = connection.execute(DRAFTS, {"id": turn["id"]}).scalar_one()
            live = connection.execute(LIVE, {"id": world.at}).scalar_one()
            versions = list(connection.execute(VERSIONS, {"id": world.at}).scalars())
            changes = list(connection.execute(CHANGES, {"id": world.at}).scalars())
        yield from _acts_stand(world, row, doing)
        replies = [m for m in messages if m["turn_id"] == turn["id"]]
        if len(replies) > 1:
            yield "I2: more than one reply"
        expected = {"landed": (1, 0), "parked": (0, 1), "cancelled": (0, 0), "superseded": (0, 0)}.get(turn["status"])
        if (len(replies), parked) != expected:
            yield f"I2, I3: the turn is {turn['status']} with {len(replies)} replies and {parked} drafts"
        if live > 1:
            yield f"I2: {live} turns are live"
        if turn["status"] == "landed" and not live and "visitor writes" in doing and not set(doing) & TAKEN:
            questions = [m["id"] for m in messages if m["author"] == "visitor"]
            if questions != turn["answers"]:
                yield f"I2: of {questions} only {turn['answers']} are answered, and no turn waits"
        public = [m for m in messages if not m["private"]]
        if (row["last_message_id"], row["last_message_timestamp"]) != (public[-1]["id"], public[-1]["created_at"]):
            yield "I5: the newest message is not the last one"
        if [m["created_at"] for m in public] != sorted(m["created_at"] for m in public):
            yield "I5: a message is older than the one before it"
        if versions != list(range(1, row["version"] + 1)):
            yield f"the timeline's versions are {versions}, the conversation's {row['version']}"
        if changes != sorted(changes) or changes[-1] != row["version"]:
            yield f"I7: the change log's versions are {changes}"
        yield from _parked_behind_people(world, turn, messages)
        moved = {"restart workflow", "routing"} & set(doing)
        position = row["metadata"].get("workflowState")
        if turn["status"] == "landed" and not moved and position != {"currentNodeId": "after", "workflowVersion": 1}:
            yield "I3: the reply came without its position"


TURN = text("SELECT * FROM turn WHERE id = :id")
MESSAGES = text("SELECT * FROM message WHERE conversation_id = :id ORDER BY id")
DRAFTS = text("SELECT count(*) FROM draft WHERE turn_id = :id")
LIVE = text("SELECT count(*) FROM turn WHERE conversation_id = :id AND status IN ('queued', 'thinking')")
# Where people have the conversation a visitor's message starts no turn.
TAKEN = {"reply", "take over", "mark as spam", "switch off", "send a draft"}
VERSIONS = text("SELECT DISTINCT version FROM timeline_event WHERE conversation_id = :id ORDER BY version")
CHANGES = text(
    "SELECT version FROM change WHERE conversation_id = :id AND body -> 'conversation' <> 'null'::jsonb"
    " AND version > 0 ORDER BY id"
)


def _acts_stand(world: World, row: Row, doing: tuple[str, ...]) -> Iterator[str]:
    for act in doing:
        rivals = set().union(*(group for group in UNDO_EACH_OTHER if act in group)) - {act}
        if act in STANDS and not rivals & set(doing) and not STANDS[act](world, row):
            yield f"I1: {act} was undone"
    if "restart workflow" in doing:
        state = row["metadata"].get("workflowState")
        after_landing = world.done and world.done[-1].startswith(MAIN) is False
        if state != {"currentNodeId": None, "workflowVersion": 1} and (after_landing or len(doing) == 1):
            landed_last = any(done.startswith(MAIN) for done in world.done[world.done.index("restart workflow") :])
            if landed_last:
                yield "I1: the person's workflow position was written over"


def _parked_behind_people(world: World, turn: Row, messages: Sequence[Row]) -> Iterator[str]:
    """A reply never stands behind a person's public words that were there before it."""
    public = [m for m in messages if not m["private"]]
    persons = [m["id"] for m in public if m["author"] == "agent" or m["sent_by"]]
    replies = [m["id"] for m in public if m["turn_id"] == turn["id"]]
    if persons and replies and persons[0] < replies[0]:
        yield "the reply was posted over a person who had already answered"
    if turn["status"] == "thinking":
        yield "I2: the turn did not end"


LOCKS = ("with the lock", "without the lock", "lock expired in mid-landing", "Redis emptied in mid-landing")


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("lock", LOCKS)
def test_a_landing_against_each_act(stage: Stage, act: str, lock: str, record_property: Any) -> None:
    stage.explore(lambda w: [stage.under(lock, stage.landing, w), stage.person(w, act)], act)
    told(record_property, stage, f"landing against {act}, {lock}")


PAIRS = [
    pair
    for pair in itertools.combinations(ACTS, 2)
    if set(pair) != {"assign", "claim"}  # a claim after an assignment is refused: test_acts has it
]


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_a_landing_against_pairs_of_acts(stage: Stage, pair: tuple[str, str], record_property: Any) -> None:
    def make(world: World) -> list[tuple[str, Body]]:
        return [stage.landing(world), *(stage.person(world, act) for act in pair)]

    stage.explore(make, *pair, preemptions=1)
    told(record_property, stage, f"landing against {' and '.join(pair)}, one preemption")


@pytest.mark.parametrize("lock", LOCKS)
def test_two_landings_of_one_turn(stage: Stage, lock: str, record_property: Any) -> None:
    both = frozenset({MAIN, "other"}) if lock == "with the lock" else frozenset[str]()
    redis = stage.redis if both else None
    stage.explore(
        lambda w: [stage.under(lock, stage.landing, w), stage.landing(w, "other", redis=redis)], shares_door=both
    )
    told(record_property, stage, f"two landings of one turn, {lock}")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_landing_against_a_routing_step(stage: Stage, lock: str, record_property: Any) -> None:
    both = frozenset({MAIN, "routing"}) if lock == "with the lock" else frozenset[str]()
    redis = stage.redis if both else None
    stage.explore(
        lambda w: [stage.under(lock, stage.landing, w), stage.routing(w, redis=redis)], "routing", shares_door=both
    )
    told(record_property, stage, f"a landing against a routing step's, {lock}")


@pytest.mark.parametrize("act", ["assign", "reply", "restart workflow", "visitor writes"])
def test_two_landings_against_an_act(stage: Stage, act: str, record_property: Any) -> None:
    def make(world: World) -> list[tuple[str, Body]]:
        return [stage.landing(world), stage.landing(world, "other"), stage.person(world, act)]

    stage.explore(make, act, preemptions=1)
    told(record_property, stage, f"two landings of one turn against {act}, one preemption")


def test_the_explorer_finds_a_missing_version_check(stage: Stage) -> None:
    with faults.no_version_check(), pytest.raises(AssertionError, match="schedule"):
        stage.explore(lambda w: [stage.landing(w), stage.person(w, "reply")], "reply")


def test_the_explorer_finds_a_missing_fence(stage: Stage) -> None:
    with faults.no_fence(), pytest.raises(AssertionError, match="schedule"):
        stage.explore(lambda w: [stage.landing(w), stage.landing(w, "other")])


def told(record_property: Any, stage: Stage, what: str) -> None:
    """The count goes into the test's report, and onto its output."""
    assert stage.schedules > 1, "there must be more than one schedule, or nothing was explored"
    record_property("schedules", stage.schedules)
    print(f"{stage.schedules} schedules, 0 violations: {what}")
