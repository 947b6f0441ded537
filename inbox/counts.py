"""How many conversations each view of the inbox holds: read from counters, never counted.

Owns reading them, and the slow count that they must always equal. The database keeps them: triggers beside the tables
(0001, 0003, 0006) add and take away in the very statement that changes a conversation, turn or draft, so that
a count can neither precede its commit nor outlive a rollback, whoever writes: tests/concurrency/test_counts.py.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from inbox.listed import WANTED

# As SURFACE's views count: all is open and pending.
KEPT = text(
    """
SELECT COALESCE(sum(waiting), 0)::bigint AS all, COALESCE(sum(unassigned), 0)::bigint AS unassigned,
    COALESCE(sum(wanted), 0)::bigint AS wanted, COALESCE(sum(thinking), 0)::bigint AS thinking,
    COALESCE(sum(parked), 0)::bigint AS parked, COALESCE(sum(snoozed), 0)::bigint AS snoozed,
    COALESCE(sum(solved), 0)::bigint AS solved, COALESCE(sum(spam), 0)::bigint AS spam,
    (SELECT COALESCE(sum(mine), 0)::bigint FROM agent_count
     WHERE project_id = :project AND agent_id = :agent) AS mine
FROM view_count WHERE project_id = :project
"""
)
COUNTED = text(
    f"""
SELECT count(*) FILTER (WHERE c.status IN ('open', 'pending')) AS all,
    count(*) FILTER (WHERE c.status IN ('open', 'pending') AND c.assignee_id IS NULL) AS unassigned,
    count(*) FILTER (WHERE c.status IN ('open', 'pending') AND {WANTED.format("c")}) AS wanted,
    (SELECT count(*) FROM turn WHERE project_id = :project AND status IN ('queued', 'thinking')) AS thinking,
    (SELECT count(DISTINCT conversation_id) FROM draft WHERE project_id = :project AND state = 'open') AS parked,
    count(*) FILTER (WHERE c.status = 'snoozed') AS snoozed,
    count(*) FILTER (WHERE c.status = 'solved') AS solved,
    count(*) FILTER (WHERE c.status = 'spam') AS spam,
    count(*) FILTER (WHERE c.status IN ('open', 'pending') AND c.assignee_id = :agent) AS mine
FROM conversation c WHERE c.project_id = :project
"""
)


def kept(connection: Connection, project_id: int, agent_id: int) -> dict[str, int]:
    """The figure of each view, by its key; `mine` is the agent's."""
    return dict(connection.execute(KEPT, {"project": project_id, "agent": agent_id}).mappings().one())


def counted(connection: Connection, project_id: int, agent_id: int) -> dict[str, int]:
    """The same by looking at every conversation: what `kept` is checked against."""
    return dict(connection.execute(COUNTED, {"project": project_id, "agent": agent_id}).mappings().one())
