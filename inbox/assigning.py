"""The rule that gives a conversation which needs a person to an agent: the fewest first, below a capacity, in turn.

Owns the rule's statement and what it looks for; the sweeper (jobs/sweep.py) calls it. Off, unless a manager sets it.
Must not take a conversation from anybody: only one that nobody has is given.

One statement gives one conversation. It counts what everybody has from the counters of its snapshot, and takes its
turn at the membership's row only if the rule has given that agent nothing since (`given`): of two that choose the same
agent at once the second writes nothing and looks anew: tests/concurrency/test_assigning.py::test_fifty_at_once.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, text

from inbox.access import Agent, require_manager
from inbox.act_parts import ENTRY_COLUMNS
from inbox.audit import audit_cte
from inbox.change import change_cte
from inbox.errors import NotFound
from inbox.listed import WAITS, WAITS_SINCE
from inbox.team import FOR_MANAGERS

MOST_TRIES = 100  # each fails only if the rule gave somebody else's conversation to the same agent in that millisecond

NEEDS_A_PERSON = f"{{0}}.assignee_id IS NULL AND {WAITS}"

SET_CAPACITY = text(
    f"""
WITH old AS (
    SELECT m.agent_id, m.capacity, a.name FROM membership m JOIN agent a ON a.id = m.agent_id
    WHERE m.project_id = :project AND m.agent_id = :agent FOR UPDATE OF m),
written AS (
    UPDATE membership SET capacity = :capacity FROM old
    WHERE membership.project_id = :project AND membership.agent_id = old.agent_id
        AND old.capacity IS DISTINCT FROM CAST(:capacity AS integer)
    RETURNING membership.agent_id),
{audit_cte(
    "written JOIN old USING (agent_id)", "'capacity_changed'", subject="old.name",
    data="jsonb_build_object('member_id', agent_id, 'changed', jsonb_build_object('capacity', "
    "jsonb_build_object('from', old.capacity, 'to', CAST(:capacity AS integer))))",
)}
SELECT name FROM old"""
)  # fmt: skip
PROJECTS = text("SELECT id FROM project WHERE assign_rule <> 'off' ORDER BY id")
WAITING = text(
    f"""
SELECT c.id FROM conversation c WHERE c.project_id = :project AND {NEEDS_A_PERSON.format("c")}
ORDER BY {WAITS_SINCE.format("c")}, c.id LIMIT :batch
"""
)
GIVE = text(
    f"""
WITH old AS (
    SELECT c.* FROM conversation c WHERE c.id = :conversation AND c.project_id = :project
        AND {NEEDS_A_PERSON.format("c")} FOR NO KEY UPDATE OF c),
next AS (
    SELECT m.project_id, m.agent_id, m.given FROM project p
    JOIN membership m ON m.project_id = p.id
    LEFT JOIN LATERAL (
        SELECT sum(n.mine) AS has FROM agent_count n
        WHERE n.project_id = m.project_id AND n.agent_id = m.agent_id) open ON true
    WHERE p.id = :project AND p.assign_rule = 'fewest' AND m.agent_id = ANY(CAST(:here AS bigint[]))
        AND COALESCE(open.has, 0) < COALESCE(m.capacity, p.assign_capacity)
    ORDER BY COALESCE(open.has, 0), m.given_at NULLS FIRST, m.agent_id LIMIT 1),
taken AS (
    UPDATE membership SET given = next.given + 1, given_at = clock_timestamp()
    FROM next, old
    WHERE membership.project_id = next.project_id AND membership.agent_id = next.agent_id
        AND membership.given = next.given
    RETURNING membership.agent_id),
c AS (
    UPDATE conversation SET version = old.version + 1, assignee_id = taken.agent_id, assigned_at = clock_timestamp()
    FROM old, taken WHERE conversation.id = old.id
    RETURNING conversation.*),
e AS (
    INSERT INTO timeline_event ({ENTRY_COLUMNS})
    SELECT c.project_id, c.id, c.version, 'assigned', 'system', NULL, NULL, jsonb_build_object(
        'to', jsonb_build_object('id', a.id, 'name', a.name), 'from', NULL, 'rule', 'fewest')
    FROM c JOIN agent a ON a.id = c.assignee_id
    RETURNING *),
{change_cte(entries=("e",))}
SELECT EXISTS (SELECT 1 FROM old) AS waits, (SELECT agent_id FROM next) AS next,
    (SELECT assignee_id FROM c) AS given"""
)


def projects(connection: Connection) -> list[int]:
    """The projects that have the rule."""
    return [row.id for row in connection.execute(PROJECTS)]


def assign_waiting(connection: Connection, project_id: int, here: Collection[int], batch: int) -> int:
    """Give what waits, the oldest first, until nobody who is here can take more; returns how many were given."""
    waiting = connection.execute(WAITING, {"project": project_id, "batch": batch}).scalars().all()
    given = 0
    for conversation_id in waiting:
        found, full = give(connection, project_id, conversation_id, here)
        given += found is not None
        if full:
            break
    return given


def give(
    connection: Connection, project_id: int, conversation_id: int, here: Collection[int]
) -> tuple[int | None, bool]:
    """Give one conversation to one of those who are here: to whom, or None; and whether nobody can take any more.

    The responder goes on as it is, and so does the epoch: a rule is no person.
    """
    parameters = {"conversation": conversation_id, "project": project_id, "here": list(here)}
    for _ in range(MOST_TRIES):
        row = connection.execute(GIVE, parameters).one()
        if row.given is not None or not row.waits:
            return row.given, False
        if row.next is None:
            return None, True
    return None, False


def set_capacity(connection: Connection, who: Agent, agent_id: int, capacity: int | None) -> None:
    """Up to how many open conversations the rule gives somebody; None is the project's number. Raises NotFound."""
    require_manager(who, FOR_MANAGERS)
    values = {**who.asking, "agent": agent_id, "capacity": capacity}
    if connection.execute(SET_CAPACITY, values).one_or_none() is None:
        raise NotFound
