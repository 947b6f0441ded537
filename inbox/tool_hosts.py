"""The hosts that a project's HTTP tools may call: adding one and removing one are acts of managers.

Owns the statements. Whether a text is a host is the workshop's to say (inbox/workshop.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from inbox.access import Agent, require_manager
from inbox.audit import audit_cte
from inbox.errors import Invalid, NotFound
from inbox.saying import later
from inbox.workshop import Workshop

Row = Mapping[Any, Any]
FOR_MANAGERS = later("Only managers change which hosts tools may call. Ask one of them.")

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
    require_manager(who, FOR_MANAGERS)
    known = [row["host"] for row in listed(connection, who.project_id)]
    host, fault = workshop.tool_host(given, known)
    if fault is not None:
        raise Invalid("Not valid: host.", fields={"host": fault})
    return connection.execute(ADD_HOST, who.asking | {"host": host}).mappings().one()


def remove(connection: Connection, who: Agent, host_id: int) -> str:
    """Allow a host no more; tools that call it fail from the next call on. Raises Forbidden and NotFound."""
    require_manager(who, FOR_MANAGERS)
    row = connection.execute(REMOVE_HOST, who.asking | {"host": host_id}).one_or_none()
    if row is None:
        raise NotFound
    return str(row.host)
