"""What happens in a conversation by itself: a project's rule or a person's snooze says so, and its time has come.

Owns the statements of both and what is due; the sweeper (jobs/sweep.py) calls them. Must not wait for anything.

Times are the database's clock. Each statement asks once more whether its time has come, under the conversation's row
lock: of two sweepers one acts, and an agent who wrote a moment ago keeps the conversation:
tests/integration/test_rules.py::test_two_sweepers_give_back_once.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, TextClause, text

from inbox.act_parts import DUE, ENTRY_COLUMNS, FRESH, GIVEN_BACK, OLD, TURN_OF_GIVING_BACK
from inbox.change import change_cte

MOST_TRIES = 10  # each fails only if somebody else's write succeeded meanwhile; then the next sweep comes


@dataclass(frozen=True)
class Due:
    """A conversation whose time has come."""

    project_id: int
    conversation_id: int


# What a person's silence is counted from is written by the acts themselves: a reply, a sent draft, a take-over.
OVER = """p.resume_rule = 'after_hours' AND {0}.responder_state = 'paused' AND {0}.status <> 'spam'
    AND {0}.person_at <= clock_timestamp() - make_interval(hours => p.resume_after_hours)"""

QUIET = text(
    f"""
SELECT c.project_id, c.id FROM project p JOIN conversation c ON c.project_id = p.id
WHERE {OVER.format("c")}
ORDER BY c.person_at LIMIT :batch
"""
)
AWAKE = text(
    """
SELECT project_id, id FROM conversation
WHERE status = 'snoozed' AND snoozed_until <= clock_timestamp() ORDER BY snoozed_until LIMIT :batch
"""
)

SYSTEM_ENTRY = f"""
e AS (
    INSERT INTO timeline_event ({ENTRY_COLUMNS})
    SELECT c.project_id, c.id, c.version, listed.kind, 'system', NULL, NULL, listed.data"""

GIVE_BACK = text(
    f"""
WITH {FRESH},
p AS (SELECT project.* FROM project JOIN old ON project.id = old.project_id),
{DUE},
c AS (
    UPDATE conversation SET version = old.version + 1, epoch = old.epoch + 1, {GIVEN_BACK}
    FROM old, fresh, p, due WHERE conversation.id = old.id AND fresh.fresh AND {OVER.format("old")}
    RETURNING conversation.*),
{TURN_OF_GIVING_BACK},
{SYSTEM_ENTRY}
    FROM c, p, LATERAL (VALUES (
        'given_back', jsonb_build_object('rule', p.resume_rule, 'hours', p.resume_after_hours))) AS listed (kind, data)
    RETURNING *),
{change_cte(turns=("t",), entries=("e",))}
SELECT fresh.fresh, (SELECT count(*) FROM c) AS written, (SELECT id FROM t) AS started_turn FROM fresh"""
)

# The clock is no person: the epoch stays.
REOPEN = text(
    f"""
WITH {OLD},
c AS (
    UPDATE conversation SET version = old.version + 1, status = 'open', snoozed_until = NULL
    FROM old WHERE conversation.id = old.id AND old.status = 'snoozed' AND old.snoozed_until <= clock_timestamp()
    RETURNING conversation.*),
{SYSTEM_ENTRY}
    FROM c, old, LATERAL (VALUES ('reopened', jsonb_build_object(
        'from', 'snoozed', 'rule', 'snoozed_until', 'snoozed_until', old.snoozed_until))) AS listed (kind, data)
    RETURNING *),
{change_cte(entries=("e",))}
SELECT (SELECT count(*) FROM c) AS written"""
)


def quiet(connection: Connection, batch: int) -> list[Due]:
    """Taken-over conversations in which no agent has said anything in public for the project's hours."""
    return _due(connection, QUIET, batch)


def awake(connection: Connection, batch: int) -> list[Due]:
    """Snoozed conversations whose time has passed."""
    return _due(connection, AWAKE, batch)


def give_back(connection: Connection, due: Due) -> tuple[bool, int | None]:
    """Resume the responder where its time has still come: whether this call did it, and the turn to start, if any.

    Version, epoch and turn are those of an agent's "give back"; the timeline names the rule.
    """
    for _ in range(MOST_TRIES):
        row = connection.execute(GIVE_BACK, _named(due)).one_or_none()
        if row is None:
            return False, None
        if row.fresh:
            return row.written > 0, row.started_turn
    return False, None


def reopen(connection: Connection, due: Due) -> bool:
    """Set the status open where the snooze is still over; whether this call did it."""
    return bool(connection.execute(REOPEN, _named(due)).one().written)


def _due(connection: Connection, statement: TextClause, batch: int) -> list[Due]:
    return [Due(*row) for row in connection.execute(statement, {"batch": batch})]


def _named(due: Due) -> dict[str, int]:
    return {"conversation": due.conversation_id, "project": due.project_id}
