"""Whom a search means behind `assignee:`.

Owns looking them up, beforehand, for one agent's conversations some index has in the list's order, and those of whoever
has such a name none.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Connection

from inbox import search
from inbox.database import fetch_all
from inbox.listed import Filter

NAMED = """
SELECT a.id FROM agent a JOIN membership mb ON mb.agent_id = a.id
WHERE mb.project_id = :project AND (a.name || ' ' || a.email) ILIKE ANY(:names)
"""


def looked_up(connection: Connection, project_id: int, wanted: Filter) -> Filter:
    """The filter with those that are meant: nobody, the asker, members whose name or address holds what was typed."""
    if not wanted.search.assignees:
        return wanted
    typed = {one.lower() for one in wanted.search.assignees}
    meant: set[int | None] = {None} if "none" in typed else set()
    if "me" in typed:
        meant.add(wanted.who)
    patterns = [f"%{search.like(one)}%" for one in typed - {"none", "me"}]
    if patterns:
        found = fetch_all(connection, NAMED, {"project": project_id, "names": patterns})
        meant.update(row["id"] for row in found)
    return replace(wanted, assigned=tuple(meant))
