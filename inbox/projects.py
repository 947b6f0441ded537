"""What managers set: the project's responder, its mode and its rules.

Owns the statement that changes settings. Must not touch conversations.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, text

from inbox import representation
from inbox.access import Agent, require_manager
from inbox.act_parts import GUARD
from inbox.audit import audit_cte
from inbox.errors import StaleVersion
from inbox.guarded import differs, sets, told
from inbox.saying import later

FOR_MANAGERS = later("Only managers change settings. Ask one of them.")
# A column's name and its type in SQL: the order is the page's.
TYPES = {
    "name": "text",
    "responder_enabled": "boolean",
    "mode": "text",
    "answers_when": "text",
    "on_assignment": "text",
    "resume_rule": "text",
    "resume_after_hours": "integer",
    "cap_tokens_visitor_hour": "integer",
    "cap_tokens_day": "integer",
    "solve_after_days": "integer",
    "assign_rule": "text",
    "assign_capacity": "integer",
    "instructions": "text",
    "language": "text",
    "widget_brand": "text",
    "widget_greeting": "text",
    "widget_position": "text",
    "widget_asks_email": "text",
    "widget_ask_person": "text",
    "widget_origins": "text[]",
}
COLUMNS = tuple(TYPES)


def change(
    connection: Connection,
    who: Agent,
    changes: Mapping[str, Any],
    *,
    seen: Collection[int] | None = None,
    was: Mapping[str, Any] | None = None,
) -> Mapping[Any, Any]:
    """Set the given columns of the asker's project, and only those, and return it; one version more if any changed.

    `seen` are the versions of an If-Match. `was` is what the asker saw in columns before they changed them: a column
    that somebody else has set meanwhile to something else is not overwritten, and nothing else is written then either.
    Raises Forbidden unless they are a manager; StaleVersion with `project`, `fields` (the columns in conflict), `by`
    and `at` (who saved last, and when).
    """
    require_manager(who, FOR_MANAGERS)
    was = {name: value for name, value in (was or {}).items() if name in changes}
    parameters = {**who.asking, "seen": list(seen or ())}
    parameters |= {**changes, **{f"was_{name}": value for name, value in was.items()}}
    statement = _statement([name for name in COLUMNS if name in changes], list(was), guarded=seen is not None)
    row = connection.execute(text(statement), parameters).mappings().one()
    conflicts = [name for name in was if row[name] not in (was[name], changes[name])]
    if not row["written"] and (conflicts or (seen is not None and row["version"] not in seen)):
        raise _stale(row, conflicts)
    return row


def _stale(row: Mapping[Any, Any], conflicts: list[str]) -> StaleVersion:
    return StaleVersion(
        "%(name)s changed these settings since you loaded them. Yours were not saved.",
        filled={"name": row["changed_by"] or "Somebody"},
        project=representation.project(row),
        fields=conflicts,
        by=row["changed_by"],
        at=representation.moment(row["changed_at"]),
    )


def _statement(columns: list[str], compared: list[str], *, guarded: bool) -> str:
    """One statement that writes the named columns where none of the compared ones is somebody else's by now."""
    kept = "".join(
        f" AND old.{name} IN (CAST(:was_{name} AS {TYPES[name]}), CAST(:{name} AS {TYPES[name]}))" for name in compared
    )
    guard = GUARD if guarded else ""
    return f"""
WITH old AS (SELECT * FROM project WHERE id = :project FOR NO KEY UPDATE),
new AS (
    UPDATE project SET version = old.version + 1, changed_by = :who_name, changed_at = clock_timestamp()
        {sets(TYPES, columns)}
    FROM old WHERE project.id = old.id AND ({differs(TYPES, columns)}){guard}{kept}
    RETURNING project.*),
{audit_cte("new JOIN old USING (id)", "'settings_changed'", data=told(columns))}
SELECT new.*, true AS written FROM new UNION ALL
SELECT old.*, false AS written FROM old WHERE NOT EXISTS (SELECT 1 FROM new)"""
