"""The hosts that a project's HTTP tools may call: adding one and removing one are acts of managers.

Owns the statements. Whether a text is a host is the workshop's to say (inbox/workshop.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from inbox.access import Agent
from inbox.audit import audit_cte
from inbox.errors import Forbidden, Invalid, NotFound
from inbox.workshop import Workshop

Row = Mapping[Any, Any]

HOSTS = text("SELECT id, host, added_by, added_at FROM tool_host WHERE project_id = :project ORDER BY host")
ADD_HOST = text(
    f"""
WITH new AS (
    INSERT INTO tool_host (project_id, host, added_by) VALUES (:project, :host, :who_name)
    ON CONFLICT (project_id, host) DO NOTHING RETURNING *),
{audit_cte("new", "'tool_host_added'", subject="new.host")}
SELECT id, host, added_by, added_at FROM new UNION ALL
SELECT id, host, added_by, added_at FROM tool_host WHERE project_id = :project AND host = :host
"""
)
REMOVE_HOST = text(
    f"""
WITH gone AS (DELETE FROM tool_host WHERE id = :host AND project_id = :project RETURNING *),
{audit_cte("gone", "'tool_host_removed'", subject="gone.host")}
SELECT host FROM gone
"""
)


def listed(connection: Connection, project_id: int) -> list[Row]:
    """The hosts that the project's tools may call, by name."""
    return list(connection.execute(HOSTS, {"project": project_id}).mappings())


def add(connection: Connection, who: Agent, given: str, workshop: Workshop) -> Row:
    """Allow a host; one that is allowed already stays as it was. Raises Forbidden and Invalid."""
    _require_manager(who)
    known = [row["host"] for row in listed(connection, who.project_id)]
    host, fault = workshop.tool_host(given, known)
    if fault is not None:
        raise Invalid("Not valid: host.", fields={"host": fault})
    return connection.execute(ADD_HOST, _asker(who) | {"host": host}).mappings().one()


def remove(connection: Connection, who: Agent, host_id: int) -> str:
    """Allow a host no more; tools that call it fail from the next call on. Raises Forbidden and NotFound."""
    _require_manager(who)
    row = connection.execute(REMOVE_HOST, _asker(who) | {"host": host_id}).one_or_none()
    if row is None:
        raise NotFound
    return str(row.host)


def _asker(who: Agent) -> dict[str, Any]:
    return {"project": who.project_id, "who": who.id, "who_name": who.name}


def _require_manager(who: Agent) -> None:
    if not who.is_manager:
        raise Forbidden("Only managers change which hosts tools may call. Ask one of them.")
