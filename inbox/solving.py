"""Conversations that nobody needs any more are solved by themselves, where the project's rule says after how many days.

Owns the statements and what is due; the sweeper (jobs/sweep.py) calls them. Never one that waits for an answer: whose
last word is the visitor's, that was handed off or left to people, that a turn is answering, or in which a parked reply
lies.
As in inbox/rules.py each is one statement that asks once more, under the row's lock, whether its time has come:
tests/integration/test_solving.py::test_a_visitor_who_writes_meanwhile_keeps_it_open.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from inbox.act_parts import FRESH
from inbox.change import change_cte
from inbox.rules import MOST_TRIES, SYSTEM_ENTRY, Due

# The first condition is the partial index's. The others are looked up for each row that is old enough: as joins
# they would read whole tables.
OVER = """{0}.status IN ('open', 'pending') AND {0}.responder_state <> 'handed_off' AND NOT {0}.left_to_people
    AND {0}.active_at <= clock_timestamp() - make_interval(days => p.solve_after_days) AND p.solve_after_days > 0
    AND (SELECT m.author FROM message m WHERE m.id = {0}.last_message_id) IS DISTINCT FROM 'visitor'
    AND (SELECT count(*) FROM turn t WHERE t.conversation_id = {0}.id AND t.status IN ('queued', 'thinking')) = 0
    AND (SELECT count(*) FROM draft d WHERE d.conversation_id = {0}.id AND d.state = 'open') = 0"""

FORGOTTEN = text(
    f"""
SELECT due.project_id, due.id FROM project p, LATERAL (
    SELECT c.project_id, c.id FROM conversation c WHERE c.project_id = p.id AND {OVER.format("c")}
    ORDER BY c.active_at LIMIT :batch) AS due
WHERE p.solve_after_days > 0 LIMIT :batch
"""
)
# The clock is no person: the epoch stays. Solving gives a conversation back where the project's rule is "when solved".
SOLVE = text(
    f"""
WITH {FRESH},
p AS (SELECT project.* FROM project JOIN old ON project.id = old.project_id),
c AS (
    UPDATE conversation SET version = old.version + 1, status = 'solved', snoozed_until = NULL,
        responder_state = CASE WHEN p.resume_rule = 'when_solved' THEN 'active' ELSE old.responder_state END
    FROM old, fresh, p WHERE conversation.id = old.id AND fresh.fresh AND {OVER.format("old")}
    RETURNING conversation.*),
{SYSTEM_ENTRY}
    FROM c, p, old, LATERAL (VALUES
        (1, 'status', jsonb_build_object(
            'from', old.status, 'to', 'solved', 'rule', 'solve_after_days', 'days', p.solve_after_days), true),
        (2, 'given_back', jsonb_build_object('rule', 'when_solved'), c.responder_state <> old.responder_state)
    ) AS listed (place, kind, data, happened)
    WHERE listed.happened ORDER BY listed.place
    RETURNING *),
{change_cte(entries=("e",))}
SELECT fresh.fresh, (SELECT count(*) FROM c) AS written FROM fresh"""
)


def forgotten(connection: Connection, batch: int) -> list[Due]:
    """Open conversations in which nothing was said for the project's days, and nobody waits."""
    return [Due(row.project_id, row.id) for row in connection.execute(FORGOTTEN, {"batch": batch})]


def solve(connection: Connection, due: Due) -> bool:
    """Set the status solved where its time has still come; whether this call did it."""
    for _ in range(MOST_TRIES):
        row = connection.execute(SOLVE, {"conversation": due.conversation_id, "project": due.project_id}).one_or_none()
        if row is None:
            return False
        if row.fresh:
            return bool(row.written)
    return False
