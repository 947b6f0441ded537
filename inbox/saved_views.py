"""Views that people save: a name for one of the inbox's views, what is searched for in it, and its order.

Owns their statements. A view is its maker's own or the whole project's; another's own is as unknown as a missing one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, text

from inbox import list_rows
from inbox.access import Agent
from inbox.errors import Forbidden, NotFound
from inbox.listed import Filter, Sort

Row = Mapping[Any, Any]
SETTABLE = ("name", "view", "search", "sort", "shared")
MOST_LISTED = 50
MOST_COUNTED = 100  # a figure beyond is shown as 99+: it costs the same however many there are

VISIBLE = "project_id = :project AND (shared OR created_by = :who)"
LISTED = text(f"SELECT * FROM saved_view WHERE {VISIBLE} ORDER BY lower(name), id LIMIT {MOST_LISTED}")
PAGED = text(f"SELECT * FROM saved_view WHERE {VISIBLE} AND id < :before ORDER BY id DESC LIMIT :limit")
FIND = text(f"SELECT * FROM saved_view WHERE id = :id AND {VISIBLE}")
CREATE = text(
    """
INSERT INTO saved_view (project_id, created_by, name, view, search, sort, shared)
VALUES (:project, :who, :name, :view, :search, :sort, :shared) RETURNING *
"""
)
# Who made it may change it, and a manager what is the project's.
MINE = "(created_by = :who OR shared AND :manager)"
EDIT = text(
    f"""
UPDATE saved_view SET name = COALESCE(:name, name), view = COALESCE(:view, view),
    search = COALESCE(:search, search), sort = COALESCE(:sort, sort),
    shared = COALESCE(CAST(:shared AS boolean), shared)
WHERE id = :id AND {VISIBLE} AND {MINE} RETURNING id
"""
)
DELETE = text(f"DELETE FROM saved_view WHERE id = :id AND {VISIBLE} AND {MINE} RETURNING id")


def visible(connection: Connection, who: Agent) -> list[Row]:
    """The asker's own and the project's, by name."""
    return list(connection.execute(LISTED, _named(who)).mappings())


def paged(connection: Connection, who: Agent, *, before: int, limit: int) -> list[Row]:
    """The same, newest first."""
    return list(connection.execute(PAGED, _named(who) | {"before": before, "limit": limit}).mappings())


def find(connection: Connection, who: Agent, view_id: int) -> Row:
    """One of them. Raises NotFound."""
    row = connection.execute(FIND, _named(who) | {"id": view_id}).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such view. Somebody may have deleted it.")
    return row


def create(
    connection: Connection, who: Agent, *, name: str, view: str, search: str, shared: bool, sort: Sort = "newest"
) -> Row:
    """A new view."""
    values = {"name": name, "view": view, "search": search, "sort": sort, "shared": shared}
    return connection.execute(CREATE, _named(who) | values).mappings().one()


def edit(connection: Connection, who: Agent, view_id: int, changes: Mapping[str, Any]) -> Row:
    """Set what is given of `name`, `view`, `search`, `sort` and `shared`.

    Raises NotFound, and Forbidden unless they made it or manage the project that it is shared in.
    """
    _change(connection, EDIT, who, view_id, **dict.fromkeys(SETTABLE) | dict(changes))
    return find(connection, who, view_id)


def delete(connection: Connection, who: Agent, view_id: int) -> None:
    """Forget it. Raises as `edit` does."""
    _change(connection, DELETE, who, view_id)


def count(connection: Connection, project_id: int, wanted: Filter) -> int:
    """How many conversations the filter finds, at most MOST_COUNTED."""
    return list_rows.count(connection, project_id, replace(wanted, limit=MOST_COUNTED))


def _change(connection: Connection, statement: Any, who: Agent, view_id: int, **more: Any) -> None:
    values = _named(who) | {"id": view_id, "manager": who.is_manager, **more}
    if connection.execute(statement, values).one_or_none() is None:
        find(connection, who, view_id)
        raise Forbidden("Only who made this view, or a manager, changes it.")


def _named(who: Agent) -> dict[str, Any]:
    return {"project": who.project_id, "who": who.id}
