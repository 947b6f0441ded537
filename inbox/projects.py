"""What managers set: the project's responder, its mode and its rules.

Owns the statement that changes settings. Must not touch conversations.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from inbox.access import Agent
from inbox.errors import Forbidden

COLUMNS = ("responder_enabled", "mode", "answers_when", "on_assignment", "instructions", "language")


def change(connection: Connection, who: Agent, changes: Mapping[str, Any]) -> Mapping[Any, Any]:
    """Set the given columns of the asker's project and return it. Raises Forbidden unless they are a manager."""
    if not who.is_manager:
        raise Forbidden("Only managers change settings. Ask one of them.")
    sets = ", ".join(f"{name} = :{name}" for name in COLUMNS if name in changes) or "id = id"
    statement = text(f"UPDATE project SET {sets} WHERE id = :project RETURNING *")
    return connection.execute(statement, {**changes, "project": who.project_id}).mappings().one()
