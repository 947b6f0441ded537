"""The audit log: who did what to the project itself, for managers to read later.

Owns the table's statements. It is append-only: a trigger refuses to change or delete an entry, and this module has no
statement that would. What happens in a conversation is the timeline's.

An entry is written in the transaction of what it reports, so that neither exists without the other:
tests/integration/test_audit.py::test_an_entry_counts_with_its_act. An act that is one statement brings its entry along
(`audit_cte`); others call `record` inside `services().transaction()`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import Connection, text

from inbox.conversation import LARGEST_ID

Row = Mapping[Any, Any]

RECORD = text(
    """
INSERT INTO audit_entry (project_id, kind, actor_id, actor_name, subject, data)
VALUES (:project, :kind, :who, :who_name, :subject, CAST(:data AS jsonb))
"""
)
OF_AGENT = text(
    """
INSERT INTO audit_entry (project_id, kind, actor_id, actor_name, subject, data)
SELECT m.project_id, :kind, a.id, a.name, :subject, CAST(:data AS jsonb)
FROM agent a JOIN membership m ON m.agent_id = a.id WHERE a.id = :agent
"""
)
LISTED = """
SELECT * FROM audit_entry WHERE project_id = :project AND id < :before {more} ORDER BY id DESC LIMIT :limit
"""
KINDS = text(
    """
WITH RECURSIVE found AS (
    (SELECT kind FROM audit_entry WHERE project_id = :project ORDER BY kind LIMIT 1)
    UNION ALL
    SELECT (SELECT e.kind FROM audit_entry e WHERE e.project_id = :project AND e.kind > found.kind
        ORDER BY e.kind LIMIT 1) FROM found WHERE found.kind IS NOT NULL)
SELECT kind FROM found WHERE kind IS NOT NULL
"""
)


@dataclass(frozen=True)
class Wanted:
    """Which entries are looked for; what is None does not matter."""

    kind: str | None = None
    actor_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    limit: int = 50


class Asker(Protocol):
    """Whose act an entry is about: an access.Agent, which this module must not know, for access writes entries too."""

    @property
    def asking(self) -> dict[str, Any]:
        """The parameters :project, :who and :who_name."""


def record(
    connection: Connection, who: Asker, kind: str, subject: str = "", data: Mapping[str, Any] | None = None
) -> None:
    """Write down that `who` did `kind` (such as `webhook_created`) to `subject` (a name for people).

    `data` holds facts that are no secrets; for what was changed {"changed": {column: {"from", "to"}}}.
    """
    # On a connection where each statement commits by itself, an entry would outlive an act that fails after it.
    driver = connection.connection.driver_connection
    assert driver is not None
    assert not driver.autocommit, "record() belongs into services().transaction()"
    connection.execute(RECORD, {**who.asking, "kind": kind, "subject": subject, "data": json.dumps(data or {})})


def record_of_agent(
    connection: Connection, agent_id: int, kind: str, subject: str = "", data: Mapping[str, Any] | None = None
) -> None:
    """Write down what concerns an agent's account itself, in each of their projects; nowhere for nobody."""
    parameters = {"agent": agent_id, "kind": kind, "subject": subject, "data": json.dumps(data or {})}
    connection.execute(OF_AGENT, parameters)


def audit_cte(source: str, kind: str, *, subject: str = "''", data: str = "jsonb_build_object()") -> str:
    """A CTE named `audited` for a statement with :project, :who and :who_name: one entry for each row of `source`.

    The rest is SQL: `kind`, `subject` and `data` are expressions over the row.
    """
    return f"""audited AS (
    INSERT INTO audit_entry (project_id, kind, actor_id, actor_name, subject, data)
    SELECT :project, {kind}, :who, :who_name, {subject}, {data} FROM {source})"""


def listed(connection: Connection, project_id: int, wanted: Wanted) -> Sequence[Row]:
    """Entries, newest first."""
    clauses: dict[str, tuple[str, Any]] = {
        "kind": ("AND kind = :kind", wanted.kind),
        "actor": ("AND actor_id = :actor", wanted.actor_id),
        "since": ("AND at >= :since", wanted.since),
        "until": ("AND at < :until", wanted.until),
    }
    given = {name: clause for name, clause in clauses.items() if clause[1] is not None}
    parameters: dict[str, Any] = {"project": project_id, "before": wanted.before or LARGEST_ID, "limit": wanted.limit}
    parameters |= {name: value for name, (_, value) in given.items()}
    statement = LISTED.format(more=" ".join(clause for clause, _ in given.values()))
    return connection.execute(text(statement), parameters).mappings().all()


def kinds(connection: Connection, project_id: int) -> list[str]:
    """The kinds that the project's log holds, by name; a step of the index for each."""
    return list(connection.execute(KINDS, {"project": project_id}).scalars())
