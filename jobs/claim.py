"""Taking a turn: one conditional UPDATE, whose row count says whether it is ours.

Owns claim, release and the retreat after a failure. Must not think and must not land.
Leases are read and written on the database's clock only, so clocks of processes do not matter:
tests/concurrency/test_turns.py::test_lease_is_on_the_database_clock.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from inbox.act_parts import UNANSWERED
from inbox.change import change_cte
from inbox.database import fetch_one
from jobs.values import Claimed

# The conversation's row is locked first (lock order: conversation, turn, the rest), so that the change row's
# id follows commit order. The first claim pins the workflow's version, so that another attempt goes on in the same
# graph: tests/concurrency/test_workflow_versions.py.
CLAIM = text(
    f"""
WITH c AS (
    SELECT conversation.* FROM conversation
    WHERE id = (SELECT conversation_id FROM turn WHERE id = :turn)
    FOR NO KEY UPDATE),
t AS (
    UPDATE turn SET
        status = 'thinking', attempt = turn.attempt + 1, claimed_at = clock_timestamp(), next_try_at = NULL,
        lease_until = clock_timestamp() + make_interval(secs => :lease_seconds),
        workflow_version = COALESCE(turn.workflow_version, (
            SELECT p.workflow_version FROM project p WHERE p.id = turn.project_id AND p.mode = 'orchestrator')),
        answers = {UNANSWERED}
    FROM c
    WHERE turn.id = :turn AND turn.attempt - turn.releases < :max_attempts
      AND (turn.status = 'queued' AND COALESCE(turn.next_try_at, '-infinity') <= clock_timestamp()
        OR turn.status = 'thinking' AND turn.lease_until < clock_timestamp())
    RETURNING turn.*),
claimed AS (SELECT c.* FROM c JOIN t ON t.conversation_id = c.id),
{change_cte(conversation="claimed", turns=("t",), conversation_changed=False)}
SELECT id, attempt, project_id, conversation_id, claimed_at, answers FROM t
"""
)

# A turn given back at once: the attempt stays the fence, and is not held against the turn.
RELEASE = text(
    f"""
WITH c AS (
    SELECT conversation.* FROM conversation WHERE id = :conversation FOR NO KEY UPDATE),
t AS (
    UPDATE turn SET
        status = 'queued', lease_until = NULL, releases = turn.releases + :forgiven,
        next_try_at = clock_timestamp() + make_interval(secs => :delay_seconds)
    FROM c WHERE turn.id = :turn AND turn.attempt = :attempt AND turn.status = 'thinking'
    RETURNING turn.*),
released AS (SELECT c.* FROM c JOIN t ON t.conversation_id = c.id),
{change_cte(conversation="released", turns=("t",), conversation_changed=False)}
SELECT id FROM t
"""
)

EXTEND = text(
    """
UPDATE turn SET lease_until = clock_timestamp() + make_interval(secs => :lease_seconds)
FROM unnest(CAST(:turns AS bigint[]), CAST(:attempts AS integer[])) AS held (id, attempt)
WHERE turn.id = held.id AND turn.attempt = held.attempt AND turn.status = 'thinking'
RETURNING turn.id
"""
)


def claim(connection: Connection, turn_id: int, *, lease_seconds: float, max_attempts: int) -> Claimed | None:
    """Make the turn ours if it waits, or if its last holder's lease has lapsed; None if it is not to be had.

    Exactly one of any number of claimers gets it. The answer's `attempt` must be shown by every later write.
    """
    parameters = {"turn": turn_id, "lease_seconds": lease_seconds, "max_attempts": max_attempts}
    row = fetch_one(connection, CLAIM, parameters)
    if row is None:
        return None
    return Claimed(row.id, row.attempt, row.project_id, row.conversation_id, row.claimed_at, tuple(row.answers))


def release(connection: Connection, claimed: Claimed, *, delay_seconds: float = 0, forgiven: bool = True) -> bool:
    """Put a turn back into the queue, to be tried again after the delay; False if it is no longer ours.

    `forgiven`: the attempt does not count against the limit (the worker stops); else it does (it failed).
    """
    parameters = {
        "turn": claimed.turn_id,
        "conversation": claimed.conversation_id,
        "attempt": claimed.attempt,
        "delay_seconds": delay_seconds,
        "forgiven": int(forgiven),
    }
    return connection.execute(RELEASE, parameters).one_or_none() is not None


def extend(connection: Connection, held: dict[int, int], *, lease_seconds: float) -> set[int]:
    """Extend the leases of held turns {turn id: attempt}; returns those that are still ours."""
    parameters = {"turns": list(held), "attempts": list(held.values()), "lease_seconds": lease_seconds}
    return {row.id for row in connection.execute(EXTEND, parameters)}
