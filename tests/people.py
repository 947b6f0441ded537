"""A project with a visitor and two agents, who act through the product's own acts, for tests of what lies beneath.

Owns making them. Tests of routes go through HTTP instead.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, text

from commands.projects import add_workflow, create_agent, create_project
from inbox import acts, reading, receiving, visiting, visitors
from inbox.access import Agent
from inbox.receiving import Coming, Receipt, Said
from inbox.services import Services
from inbox.visiting import Visit

_numbers = itertools.count(1)

WORKFLOW: dict[str, Any] = {
    "nodes": [
        {"id": "start", "type": "start"},
        {"id": "ask", "type": "condition", "data": {"prompt": "Is it about an order?"}},
        {"id": "order", "type": "llm", "data": {"prompt": "Help with the order."}},
        {"id": "shop", "type": "llm", "data": {"prompt": "Help with the shop."}},
        {"id": "after", "type": "llm", "data": {"prompt": "Wrap up."}},
    ],
    "edges": [
        {"source": "start", "target": "ask"},
        {"source": "ask", "target": "order", "sourceHandle": "ask-yes"},
        {"source": "ask", "target": "shop", "sourceHandle": "ask-no"},
        {"source": "order", "target": "after"},
    ],
}


def writes(connection: Connection, token: str, content: str, *, agent_online: bool = False) -> Receipt:
    """A visitor's message, as their route stores it."""
    return receiving.receive(connection, Coming(token, Said(content)), lambda _visit: agent_online)


@dataclass(frozen=True)
class People:
    """Who is there. `visit` is the visitor's conversation, and `token` what they hold of it."""

    services: Services
    project_id: int
    project_key: str
    ana: Agent
    ben: Agent
    visit: Visit
    token: str

    @classmethod
    def arrive(cls, services: Services, *, workflow: Mapping[str, Any] | None = None) -> People:
        """A new project with its people and an empty conversation; with a workflow in orchestrator mode."""
        number = next(_numbers)
        with services.database.begin() as connection:
            project = create_project(
                connection, f"Project {number}", mode="orchestrator" if workflow else "simple", workflow=workflow
            )
            agents = [
                Agent(
                    create_agent(
                        connection, f"{name.lower()}{number}@example.com", project_id=project.id, role=role, name=name
                    ).id,
                    name,
                    f"{name.lower()}{number}@example.com",
                    project.id,
                    "manager" if role == "manager" else "agent",
                )
                for name, role in (("Ana", "manager"), ("Ben", "agent"))
            ]
            session = visiting.start_session(connection, key=project.key, visitor={"name": "Leila"})
            visit = visiting.who(connection, session.token)
        assert visit is not None
        return cls(services, project.id, project.key, agents[0], agents[1], visit, session.token)

    @property
    def conversation_id(self) -> int:
        """The visitor's conversation."""
        return self.visit.conversation_id

    def arrives_too(self) -> People:
        """The same project with one more visitor, in a conversation of their own."""
        with self.services.database.begin() as connection:
            session = visiting.start_session(connection, key=self.project_key, visitor={"name": "Tom"})
            visit = visiting.who(connection, session.token)
        assert visit is not None
        return replace(self, visit=visit, token=session.token)

    def use_workflow(self, definition: Mapping[str, Any]) -> int:
        """Save a new version of the workflow; returns its number."""
        with self.services.database.begin() as connection:
            connection.execute(text("UPDATE project SET mode = 'orchestrator'"))
            return add_workflow(connection, self.project_id, definition)

    def visitor_writes(self, content: str = "Where is my order?", *, agent_online: bool = False) -> int | None:
        """The visitor's message through the product; returns the turn that it started."""
        with self.services.statement() as writing:
            received = writes(writing.connection, self.token, content, agent_online=agent_online)
            writing.start_turn(received.turn_id, self.project_id)
        return received.turn_id

    def patch(self, who: Agent | None = None, **changes: Any) -> acts.Written:
        """An agent's PATCH."""
        with self.services.statement() as writing:
            return acts.patch(writing.connection, who or self.ana, self.conversation_id, changes)

    def know_visitor(self, **attributes: Any) -> None:
        """What an agent knows of the visitor; None forgets it."""
        with self.services.statement() as writing:
            visitors.edit(writing.connection, self.ana, self.visit.visitor_id, {"custom_attributes": attributes})

    def act(self, name: str, *arguments: Any, who: Agent | None = None) -> Any:
        """Any other act of an agent by its function's name in inbox.acts."""
        with self.services.statement() as writing:
            done = getattr(acts, name)(writing.connection, who or self.ana, self.conversation_id, *arguments)
            if isinstance(done, acts.Written):
                writing.start_turn(done.turn_id)
            return done

    def behind_the_back(self, statement: str, **parameters: Any) -> None:
        """A writer who is none of ours, straight in SQL."""
        with self.services.statement() as writing:
            values = {name: json.dumps(v) if isinstance(v, dict) else v for name, v in parameters.items()}
            writing.connection.execute(text(statement), {"conversation": self.conversation_id, **values})

    def conversation(self) -> Mapping[str, Any]:
        """The conversation's row now."""
        with self.services.reading() as connection:
            return dict(reading.conversation(connection, self.project_id, self.conversation_id))

    def messages(self) -> list[Mapping[str, Any]]:
        """All messages and notes."""
        with self.services.reading() as connection:
            return list(reading.messages(connection, self.conversation_id, limit=200))

    def turns(self) -> list[Mapping[str, Any]]:
        """All turns, oldest first."""
        with self.services.reading() as connection:
            return list(reading.turns(connection, self.conversation_id, before=None, limit=200))[::-1]

    def timeline(self) -> list[Mapping[str, Any]]:
        """The timeline, oldest first."""
        with self.services.reading() as connection:
            return list(reading.timeline(connection, self.conversation_id, limit=200))

    def drafts(self) -> list[Mapping[str, Any]]:
        """The parked replies, newest first."""
        with self.services.reading() as connection:
            return list(reading.drafts(connection, self.conversation_id, before=None, limit=200))


def statuses(people: People) -> list[str]:
    """How the conversation's turns stand."""
    return [turn["status"] for turn in people.turns()]


def time_passes(people: People) -> None:
    """An hour, for all turns."""
    people.behind_the_back(
        "UPDATE turn SET created_at = created_at - interval '1 hour', next_try_at = next_try_at - interval '1 hour'"
        " WHERE :conversation > 0"
    )
