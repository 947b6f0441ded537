"""The race lab: the same storm of people's acts against the naive writer and against Tandem's landing.

Owns the naive writer, which exists nowhere else. Own project, no model: a turn's thinking is a wait. The lost updates
are counted as anybody would: what a person was told is set, and is not set at the end.
"""

from __future__ import annotations

import json
import random
import threading
import time
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from inbox import acts, visiting
from inbox.access import Agent
from inbox.database import single_statements
from inbox.race_lab import Race, Side
from inbox.representation import moment
from jobs import claim, snapshot
from jobs.landing import Lander
from jobs.values import Claimed, Work
from responder.outcome import Reply

EXAMPLES = 5
ACT_SECONDS = 0.02  # between two acts of one agent: a busy afternoon in fast motion
MOST_THREADS = 256
WATCHED = ("status", "assignee_id", "priority")
STATUSES = ("open", "pending", "snoozed")
PRIORITIES = ("low", "normal", "high", "urgent")

# What the founding bug does: everything that was read before the model was called is saved with the reply.
NAIVE_SAVE = text(
    """
WITH c AS (
    UPDATE conversation SET
        status = :status, snoozed_until = :snoozed_until, assignee_id = :assignee_id, assigned_at = :assigned_at,
        priority = :priority, labels = :labels, responder_state = :responder_state,
        custom_attributes = CAST(:custom_attributes AS jsonb), metadata = CAST(:metadata AS jsonb),
        unread_count = :unread_count, last_message_id = nextval('message_id_seq'), last_message_snippet = :reply,
        last_message_timestamp = clock_timestamp(), version = conversation.version + 1
    WHERE id = :id RETURNING *),
m AS (
    INSERT INTO message (id, project_id, conversation_id, author, author_name, content, turn_id)
    SELECT c.last_message_id, c.project_id, c.id, 'responder', 'AI', :reply, :turn FROM c)
UPDATE turn SET status = 'landed', ended_at = clock_timestamp() WHERE id = :turn
"""
)
WHOLE = text("SELECT * FROM conversation WHERE id = :id")
CLEAN_UP = (
    text("DELETE FROM project WHERE id = :project"),
    text("DELETE FROM change WHERE project_id = :project AND position IS NOT NULL"),
    text("DELETE FROM agent WHERE email LIKE :emails"),
)
REPLY = "Thank you for waiting. Your parcel is on its way."


@dataclass
class Field:
    """Where one writer's run takes place: its people, and what was acknowledged to them."""

    engine: Engine
    project_id: int
    agents: list[Agent]
    thinking: set[int] = field(default_factory=set)
    told: dict[tuple[int, str], tuple[int, Any, str, str | None]] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)


def run(engine: Engine, redis: Any, race: Race, seed: int = 1) -> Race:
    """Run both sides one after the other and fill `race` as it goes."""
    started = time.monotonic()
    for side, writer in ((race.naive, NaiveWriter(engine)), (race.tandem, TandemWriter(engine, redis))):
        where = _prepare(engine, race)
        try:
            _storm(where, race, side, writer, seed)
        finally:
            _clean_up(where)
    race.seconds = round(time.monotonic() - started, 2)
    return race


class NaiveWriter:
    """Saves what it read. It is what this project exists to end."""

    def __init__(self, engine: Engine) -> None:
        self._engine = single_statements(engine)

    def read(self, work: Work) -> Any:
        """The whole conversation, before the model is called."""
        with self._engine.connect() as connection:
            return connection.execute(WHOLE, {"id": work.claimed.conversation_id}).mappings().one()

    def write(self, work: Work, read: Any) -> None:
        """The whole conversation, after the model has answered."""
        values = dict(read) | {name: json.dumps(read[name]) for name in ("custom_attributes", "metadata")}
        with self._engine.connect() as connection:
            connection.execute(NAIVE_SAVE, values | {"reply": REPLY, "turn": work.claimed.turn_id})


class TandemWriter:
    """Lands like every turn does."""

    def __init__(self, engine: Engine, redis: Any) -> None:
        self._lander = Lander(engine, redis)

    def read(self, work: Work) -> Any:
        """Nothing more than every turn knows."""

    def write(self, work: Work, read: Any) -> None:
        """The landing."""
        self._lander.land(work.claimed, work.basis, Reply(REPLY, None))


def _prepare(engine: Engine, race: Race) -> Field:
    mark = uuid.uuid4().hex[:12]
    with engine.begin() as connection:
        project_id = connection.execute(
            text("INSERT INTO project (name, key) VALUES ('Race lab', :key) RETURNING id"), {"key": f"race-{mark}"}
        ).scalar_one()
        agents = [_agent(connection, project_id, mark, number) for number in range(race.agents)]
    return Field(engine, project_id, agents)


def _agent(connection: Connection, project_id: int, mark: str, number: int) -> Agent:
    email = f"race-{project_id}-{mark}-{number}@tandem.example"
    inserted = text("INSERT INTO agent (email, name, password_hash) VALUES (:email, :name, '!') RETURNING id")
    agent_id = connection.execute(inserted, {"email": email, "name": f"Agent {number + 1}"}).scalar_one()
    join = text("INSERT INTO membership (project_id, agent_id) VALUES (:project, :agent)")
    connection.execute(join, {"project": project_id, "agent": agent_id})
    return Agent(agent_id, f"Agent {number + 1}", email, project_id, "agent")


def _storm(where: Field, race: Race, side: Side, writer: Any, seed: int) -> None:
    chance = random.Random(seed)
    waits = [chance.uniform(*race.think) for _ in range(race.conversations)]
    over = threading.Event()
    with (
        ThreadPoolExecutor(min(race.conversations, MOST_THREADS)) as turns,
        ThreadPoolExecutor(max(1, race.agents)) as people,
    ):
        acting = [people.submit(_act, where, race, agent, seed + n, over) for n, agent in enumerate(where.agents)]
        thinking = [turns.submit(_turn, where, side, writer, wait) for wait in waits]
        try:
            for one in thinking:
                one.result()
        finally:
            over.set()
        for one in acting:
            one.result()


def _turn(where: Field, side: Side, writer: Any, wait: float) -> None:
    """One conversation: a visitor writes, the turn is claimed, waits like a model, is written; then it is checked."""
    work = _claim(where)
    conversation_id = work.claimed.conversation_id
    read = writer.read(work)
    with where.guard:
        where.thinking.add(conversation_id)
    time.sleep(wait)
    with where.guard:  # nobody begins an act from here on; those begun are finished below
        where.thinking.discard(conversation_id)
    writer.write(work, read)
    side.turns += 1
    _check(where, side, conversation_id)


def _claim(where: Field) -> Work:
    with single_statements(where.engine).connect() as connection:
        key = connection.execute(text("SELECT key FROM project WHERE id = :id"), {"id": where.project_id}).scalar_one()
        session = visiting.start_session(connection, key=key, visitor={"name": "A visitor"})
        visit = visiting.who(connection, session.token)
        assert visit is not None
        received = visiting.receive(connection, visit, "Where is my parcel?", agent_online=False)
        assert received.turn_id is not None
        claimed: Claimed | None = claim.claim(connection, received.turn_id, lease_seconds=600, max_attempts=3)
        assert claimed is not None, "nobody else knows of this turn yet"
        work = snapshot.read(connection, claimed)
    assert work is not None
    return work


def _act(where: Field, race: Race, agent: Agent, seed: int, over: threading.Event) -> None:
    chance = random.Random(seed)
    while not over.wait(ACT_SECONDS * chance.uniform(0.5, 1.5)):
        change: Mapping[str, Any] = chance.choice(
            [
                {"status": chance.choice(STATUSES)},
                {"assignee_id": chance.choice(where.agents).id},
                {"priority": chance.choice(PRIORITIES)},
            ]
        )
        with where.guard:
            conversation_id = chance.choice(sorted(where.thinking)) if where.thinking else None
        if conversation_id is not None:
            _acknowledge(where, race, agent, conversation_id, change)


def _acknowledge(where: Field, race: Race, agent: Agent, conversation_id: int, change: Mapping[str, Any]) -> None:
    with single_statements(where.engine).connect() as connection:
        row = acts.patch(connection, agent, conversation_id, change).row
    with where.guard:
        race.acts += 1
        for column in change:
            known = where.told.get((conversation_id, column))
            if known is None or known[0] < row["version"]:
                at = moment(datetime.now(UTC))
                where.told[conversation_id, column] = (row["version"], row[column], agent.name, at)


def _check(where: Field, side: Side, conversation_id: int) -> None:
    """Compare what people were told with what is there, once their last acts have been answered."""
    time.sleep(ACT_SECONDS * 3)
    with single_statements(where.engine).connect() as connection:
        row = connection.execute(WHOLE, {"id": conversation_id}).mappings().one()
    with where.guard:
        told = {
            column: where.told[conversation_id, column] for column in WATCHED if (conversation_id, column) in where.told
        }
        lost = [
            {
                "conversation_id": conversation_id,
                "field": column,
                "set_to": value,
                "by": by,
                "at": at,
                "found": row[column],
            }
            for column, (_, value, by, at) in told.items()
            if row[column] != value
        ]
        side.lost += len(lost)
        side.examples += lost[: EXAMPLES - len(side.examples)]
        side.marks += "l" if lost else "k"


def _clean_up(where: Field) -> None:
    with where.engine.begin() as connection:
        for statement in CLEAN_UP:
            values = {"project": where.project_id, "emails": f"race-{where.project_id}-%@tandem.example"}
            connection.execute(statement, {name: values[name] for name in statement._bindparams})


class ThreadRaceLab:
    """Implements inbox.race_lab.RaceLab in a thread of this process."""

    def __init__(self, engine: Engine, redis: Any) -> None:
        self._engine = engine
        self._redis = redis
        self._newest: Race | None = None
        self._guard = threading.Lock()

    def start(self, race: Race) -> Race:
        """Begin the race, or return the one under way."""
        with self._guard:
            known = self._newest
            if known is not None and known.seconds is None and known.failed is None:
                return known
            self._newest = race
        threading.Thread(target=self._run, args=(race,), name="race lab", daemon=True).start()
        return race

    def newest(self) -> Race | None:
        """The race under way or the last one."""
        return self._newest

    def _run(self, race: Race) -> None:
        try:
            run(self._engine, self._redis, race)
        except Exception as error:  # shown on the page, where it was started
            race.failed = f"The race ended early: {type(error).__name__}."
            raise
