"""Where a race of the lab takes place: a project of its own with its agents, for as long as it lasts.

Owns making it, and leaving nothing of it behind. Must not race: jobs/storm.py does.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, text

from inbox.access import Agent
from inbox.race_lab import Race

CLEAN_UP = (
    text("DELETE FROM project WHERE id = :project"),
    text("DELETE FROM change WHERE project_id = :project AND position IS NOT NULL"),
    text("DELETE FROM agent WHERE email LIKE :emails"),
)


@dataclass(frozen=True)
class Told:
    """What a person was told is set: by whom, as which version, and when."""

    version: int
    value: Any
    by: str
    at: str | None
    clock: float


@dataclass
class Field:
    """Where one writer's run takes place: its people, and what was acknowledged to them."""

    engine: Engine
    project_id: int
    agents: list[Agent]
    thinking: set[int] = field(default_factory=set)
    told: dict[tuple[int, str], Told] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)


def prepare(engine: Engine, race: Race) -> Field:
    """A project of its own with its agents, that nothing else touches."""
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


def clean_up(where: Field) -> None:
    """Leave nothing of the race behind."""
    with where.engine.begin() as connection:
        for statement in CLEAN_UP:
            values = {"project": where.project_id, "emails": f"race-{where.project_id}-%@tandem.example"}
            connection.execute(statement, values)
