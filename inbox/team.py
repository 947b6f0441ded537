"""A project's members: who they are, what they may do, and how they leave.

Owns the statements for memberships. Never the last manager: whoever changes a role or removes a member locks the
project's managers first, so of two managers who remove each other at once one stays:
tests/concurrency/test_team.py::test_two_managers_remove_each_other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, TextClause, text

from inbox.access import HAS_SECOND_FACTOR, Agent, Role, require_manager
from inbox.act_parts import ENTRY_HEAD
from inbox.audit import audit_cte
from inbox.change import change_cte
from inbox.errors import Forbidden, LastManager, NotFound
from inbox.saying import later

Row = Mapping[Any, Any]
FOR_MANAGERS = later("Only managers change the team. Ask one of them.")

SHOWN = f"""
SELECT a.id, a.name, a.email, m.role, m.capacity, m.created_at AS joined_at,
    {HAS_SECOND_FACTOR} AS second_factor,
    (SELECT max(s.seen_at) FROM agent_session s WHERE s.agent_id = a.id AND s.project_id = m.project_id) AS seen_at
FROM membership m JOIN agent a ON a.id = m.agent_id WHERE m.project_id = :project"""
LISTED = text(f"{SHOWN} AND a.id > :after ORDER BY a.id LIMIT :limit")
ONE = text(f"{SHOWN} AND a.id = :agent")

# The second to come waits for the first here, and then sees who is still a manager. Whoever gives a manager a
# conversation does not wait: tests/concurrency/test_team.py::test_a_manager_is_assigned_while_another_is_removed
DOOR = """
managers AS (
    SELECT agent_id FROM membership WHERE project_id = :project AND role = 'manager'
    ORDER BY agent_id FOR NO KEY UPDATE),
member AS (
    SELECT m.agent_id, m.role, a.name, a.email
    FROM membership m JOIN agent a ON a.id = m.agent_id, (SELECT count(*) FROM managers) AS gate
    WHERE m.project_id = :project AND m.agent_id = :agent FOR UPDATE OF m)"""
MAY = "EXISTS (SELECT FROM managers WHERE agent_id = :who)"
ANOTHER = "EXISTS (SELECT FROM managers WHERE agent_id <> :agent)"
ANSWER = f"SELECT {MAY} AS may, EXISTS (SELECT FROM written) AS written, member.role FROM member"

SET_ROLE = text(
    f"""
WITH {DOOR},
written AS (
    UPDATE membership SET role = :role FROM member
    WHERE membership.project_id = :project AND membership.agent_id = member.agent_id AND member.role <> :role
        AND {MAY} AND (:role = 'manager' OR {ANOTHER})
    RETURNING membership.agent_id),
{audit_cte(
    "written JOIN member USING (agent_id)", "'role_changed'", subject="member.name",
    data="jsonb_build_object('member_id', agent_id, 'changed', "
    "jsonb_build_object('role', jsonb_build_object('from', member.role, 'to', CAST(:role AS text))))",
)}
{ANSWER}"""
)  # fmt: skip

# Sessions and tokens go with the membership. What they had to do is nobody's from here on, and each conversation says
# so: its own version, its own entry, its own change in the event streams.
REMOVE = text(
    f"""
WITH {DOOR},
written AS (
    DELETE FROM membership USING member
    WHERE membership.project_id = :project AND membership.agent_id = member.agent_id AND {MAY} AND {ANOTHER}
    RETURNING membership.agent_id),
{audit_cte(
    "written JOIN member USING (agent_id)", "'member_removed'", subject="member.name",
    data="jsonb_build_object('member_id', agent_id, 'role', member.role)",
)},
old AS (
    SELECT conversation.id FROM conversation, written
    WHERE conversation.project_id = :project AND conversation.assignee_id = written.agent_id
    ORDER BY conversation.id FOR NO KEY UPDATE OF conversation),
c AS (
    UPDATE conversation SET version = conversation.version + 1, epoch = conversation.epoch + 1,
        assignee_id = NULL, assigned_at = NULL
    FROM old WHERE conversation.id = old.id RETURNING conversation.*),
e AS (
    {ENTRY_HEAD}
    SELECT c.project_id, c.id, c.version, 'unassigned', 'agent', :who, :who_name, jsonb_build_object(
        'from', jsonb_build_object('id', member.agent_id, 'name', member.name), 'rule', 'member_removed')
    FROM c, member RETURNING *),
{change_cte(entries=("e",), several=True)}
{ANSWER}"""
)  # fmt: skip
# Waits for whoever gives them a conversation at this moment, and lets nobody begin to: what they have is seen whole.
HOLD = text(f"WITH {DOOR} SELECT count(*) FROM member")
PROJECTS = text(
    """
SELECT p.id, p.name, m.role FROM membership m JOIN project p ON p.id = m.project_id
WHERE m.agent_id = :agent ORDER BY p.name, p.id
"""
)
HAS_CONVERSATION = text(
    """
SELECT p.id, p.name FROM conversation c JOIN membership m ON m.project_id = c.project_id AND m.agent_id = :agent
JOIN project p ON p.id = m.project_id WHERE c.id = :conversation
"""
)
REQUIRE = text(
    f"""
WITH p AS (
    UPDATE project SET require_second_factor = :wanted
    WHERE id = :project AND require_second_factor <> :wanted RETURNING id),
{audit_cte("p", "'settings_changed'", data="jsonb_build_object('changed', jsonb_build_object("
    "'require_second_factor', jsonb_build_object('from', NOT :wanted, 'to', :wanted)))")}
SELECT count(*) FROM p"""
)  # fmt: skip


def members(connection: Connection, project_id: int, *, after: int = 0, limit: int = 200) -> Sequence[Row]:
    """The members by their ids, each with when they were last seen here."""
    parameters = {"project": project_id, "after": after, "limit": limit}
    return connection.execute(LISTED, parameters).mappings().all()


def member(connection: Connection, project_id: int, agent_id: int) -> Row:
    """One member. Raises NotFound."""
    row = connection.execute(ONE, {"project": project_id, "agent": agent_id}).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def set_role(connection: Connection, who: Agent, agent_id: int, role: Role) -> None:
    """Make a member a manager or an agent. Raises Forbidden, NotFound, LastManager."""
    _guarded(connection, SET_ROLE, who, agent_id, role=role)


def remove(connection: Connection, who: Agent, agent_id: int) -> None:
    """Take a member out of the project: their sessions and tokens end, their conversations are unassigned.

    Two statements of one transaction. Raises Forbidden, NotFound, LastManager.
    """
    connection.execute(HOLD, {"project": who.project_id, "agent": agent_id})
    _guarded(connection, REMOVE, who, agent_id)


def require_second_factor(connection: Connection, who: Agent, wanted: bool) -> None:
    """Whether every member needs a second factor. Raises Forbidden unless the asker is a manager."""
    require_manager(who, FOR_MANAGERS)
    parameters = {**who.asking, "wanted": wanted}
    connection.execute(REQUIRE, parameters)


def projects_of(connection: Connection, agent_id: int) -> Sequence[Row]:
    """The projects that an agent is a member of, by name."""
    return connection.execute(PROJECTS, {"agent": agent_id}).mappings().all()


def project_with(connection: Connection, agent_id: int, conversation_id: int) -> Row | None:
    """The project of this conversation, if the agent is in it; of any other nobody learns that it exists."""
    parameters = {"agent": agent_id, "conversation": conversation_id}
    return connection.execute(HAS_CONVERSATION, parameters).mappings().one_or_none()


def _guarded(connection: Connection, statement: TextClause, who: Agent, agent_id: int, **more: Any) -> None:
    require_manager(who, FOR_MANAGERS)
    parameters = {**who.asking, "agent": agent_id, **more}
    row = connection.execute(statement, parameters).one_or_none()
    if row is None:
        raise NotFound
    if not row.may:  # they were a manager when they asked
        raise Forbidden("You are no manager of this project any more.")
    if not row.written and row.role != more.get("role"):
        raise LastManager("A project needs a manager. Make somebody else one first.")
