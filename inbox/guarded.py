"""What managers keep in a project (snippets, canned replies, webhooks), changed only as they saw it.

Owns the one statement that edits such a thing, and the one that forgets it, each with its entry in the audit log. Must
not know what the thing is for: its own module says that, and in `Kept` which columns it has.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from inbox.access import Agent
from inbox.act_parts import GUARD
from inbox.audit import audit_cte
from inbox.errors import NotFound, StaleVersion

Row = Mapping[Any, Any]

EDIT = """
WITH old AS (SELECT * FROM {kind} WHERE id = :id AND project_id = :project FOR NO KEY UPDATE),
new AS (
    UPDATE {kind} SET version = old.version + 1, changed_by = :who_name, updated_at = clock_timestamp(){sets}
    FROM old WHERE {kind}.id = old.id AND ({changed}){guard}
    RETURNING {kind}.*),
{audited}
SELECT new.*, true AS written FROM new UNION ALL
SELECT old.*, false AS written FROM old WHERE NOT EXISTS (SELECT 1 FROM new)
"""
DELETE = """
WITH old AS (SELECT * FROM {kind} WHERE id = :id AND project_id = :project FOR UPDATE),
gone AS (DELETE FROM {kind} USING old WHERE {kind}.id = old.id{guard} RETURNING {kind}.*),
{audited}
SELECT old.*, EXISTS (SELECT 1 FROM gone) AS written FROM old
"""


@dataclass(frozen=True)
class Kept:
    """One kind of thing that a project keeps, in the table of that name."""

    kind: str
    subject: str  # the column by which the audit log names one
    types: Mapping[str, str]  # the columns that an edit may set, each with its type in SQL
    shown: Callable[[Row], dict[str, Any]]
    told: bool = False  # the audit log also says what each column was and is


def edit(
    connection: Connection,
    who: Agent,
    kept: Kept,
    number: int,
    changes: Mapping[str, Any],
    *,
    seen: Collection[int] | None,
    also: str = "",
) -> Row:
    """Set the given columns; one version more, or none where nothing changes. `also` is SQL that is set with them.

    `seen` are the versions that the asker saw: StaleVersion with the thing as it is if it is none of them any more.
    Raises NotFound.
    """
    columns = [name for name in kept.types if name in changes]
    audited = audit_cte(
        "new JOIN old USING (id)",
        f"'{kept.kind}_changed'",
        subject=f"new.{kept.subject}",
        data=told(columns) if kept.told else "jsonb_build_object()",
    )
    statement = EDIT.format(
        kind=kept.kind,
        sets=sets(kept.types, columns) + also,
        changed=differs(kept.types, columns),
        guard=GUARD if seen is not None else "",
        audited=audited,
    )
    return _run(connection, who, kept, statement, {**changes, "id": number}, seen)


def delete(connection: Connection, who: Agent, kept: Kept, number: int, *, seen: Collection[int] | None) -> None:
    """Forget it. Raises as `edit` does."""
    audited = audit_cte("gone", f"'{kept.kind}_deleted'", subject=f"gone.{kept.subject}")
    guard = GUARD if seen is not None else ""
    _run(connection, who, kept, DELETE.format(kind=kept.kind, guard=guard, audited=audited), {"id": number}, seen)


def require_seen(row: Row, seen: Collection[int] | None, kind: str, shown: Callable[[Row], dict[str, Any]]) -> None:
    """Raise StaleVersion with the thing as it is unless `seen`, the versions that the asker saw, has its version."""
    if seen is not None and row["version"] not in seen:
        words = f"{row['changed_by'] or 'Somebody'} changed this {kind.replace('_', ' ')} since you loaded it."
        raise StaleVersion(f"{words} Yours was not saved.", **{kind: shown(row)})


def sets(types: Mapping[str, str], columns: Collection[str]) -> str:
    """What an UPDATE sets beside the version."""
    return "".join(f", {name} = CAST(:{name} AS {types[name]})" for name in columns)


def differs(types: Mapping[str, str], columns: Collection[str]) -> str:
    """Whether any of the columns is to become what it is not."""
    return " OR ".join(f"old.{name} <> CAST(:{name} AS {types[name]})" for name in columns) or "false"


def told(columns: Collection[str]) -> str:
    """What the audit log says of a change from the row `old` to the row `new`."""
    pairs = ", ".join(
        f"'{name}', CASE WHEN old.{name} <> new.{name}"
        f" THEN jsonb_build_object('from', old.{name}, 'to', new.{name}) END"
        for name in columns
    )
    return f"jsonb_build_object('changed', jsonb_strip_nulls(jsonb_build_object({pairs})))"


def _run(
    connection: Connection,
    who: Agent,
    kept: Kept,
    statement: str,
    parameters: Mapping[str, Any],
    seen: Collection[int] | None,
) -> Row:
    given = {**who.asking, **parameters, "seen": list(seen or ())}
    row = connection.execute(text(statement), given).mappings().one_or_none()
    if row is None:
        raise NotFound
    if not row["written"]:
        require_seen(row, seen, kept.kind, kept.shown)
    return row
