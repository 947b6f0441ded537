"""What a new project still lacks before visitors are answered well: read from its own rows, kept nowhere.

Owns the statement that looks. Whether a model is set is the settings' to say, and where the widget stands
inbox/placed.py's, so the caller gives both; whether that model answers is inbox/model_faults.py's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from inbox import model_faults
from inbox.access import Agent

# Each looks for one row by an index that begins with the project.
LOOK = text(
    """
SELECT EXISTS (SELECT 1 FROM snippet WHERE project_id = p.id) AS knowledge,
    -- In the list's order, which has an index: a new project's would be looked for among all that others have.
    (SELECT true FROM conversation WHERE project_id = p.id AND last_message_id IS NOT NULL
        ORDER BY active_at DESC, id DESC LIMIT 1) IS NOT NULL AS question,
    p.widget_origins <> '{}' AS site,
    (SELECT count(*) > 1 FROM membership WHERE project_id = p.id)
        OR EXISTS (SELECT 1 FROM invitation WHERE project_id = p.id) AS team,
    EXISTS (SELECT 1 FROM working_hours WHERE project_id = p.id AND enabled) AS hours
FROM project p WHERE p.id = :project
"""
)


@dataclass(frozen=True)
class FirstSteps:
    """What is done. The first four are needed for good answers; a team and hours are for who wants them."""

    model: bool
    knowledge: bool
    question: bool
    site: bool
    team: bool
    hours: bool
    fault: Mapping[Any, Any] | None = None  # what the model's server said, where one is set and does not answer

    @property
    def all(self) -> tuple[bool, ...]:
        """Each, in the order in which they are shown."""
        return self.model, self.knowledge, self.question, self.site, self.team, self.hours

    @property
    def finished(self) -> bool:
        """Whether nothing that is needed is left."""
        return self.model and self.knowledge and self.question and self.site


def find(connection: Connection, who: Agent, *, offline: bool, placed: bool) -> FirstSteps:
    """How far their project is; `offline` says that no model is set, `placed` that a page of the site shows the widget.

    A model that is set and fails is not connected yet.
    """
    found = connection.execute(LOOK, {"project": who.project_id}).mappings().one()
    fault = None if offline else model_faults.newest(connection, who)
    connected = not offline and fault is None
    return FirstSteps(**{**found, "model": connected, "site": placed or found["site"]}, fault=fault)
