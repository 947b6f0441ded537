"""What an agent can do in a conversation: one function for each act, each one statement.

Owns the acts. None loads a row, changes it in memory and saves it; none waits for the responder.
Every function takes a connection first, raises inbox.errors, and answers NotFound for a conversation of another
project exactly as for a missing one (I8: tests/integration/test_tenants.py).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.exc import IntegrityError

from inbox import acts_sql, mentions, reading, representation
from inbox.access import Agent
from inbox.act_parts import ASSIGNEE_IS_MEMBER, BUSY, MOST_TRIES
from inbox.attachments import Sender, said
from inbox.conversation import LARGEST_ID
from inbox.database import refused_by
from inbox.errors import Invalid, NotFound, StaleClaim, StaleVersion, Unavailable

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Written:
    """A conversation after an act, with its visitor; `turn_id` is a turn to start."""

    row: Row
    turn_id: int | None = None

    def as_json(self) -> dict[str, Any]:
        """As SURFACE's Conversation."""
        return representation.conversation(self.row, self.row["visitor"])


def patch(
    connection: Connection,
    who: Agent,
    conversation_id: int,
    changes: Mapping[str, Any],
    *,
    seen: Collection[int] | None = None,
) -> Written:
    """Set the given columns; one version and one epoch more, or none where nothing changes.

    `seen` are the versions of an If-Match: StaleVersion with the current conversation if it is none of them any more.
    Invalid for an assignee who is no member.
    """
    parameters = dict(changes)
    if "custom_attributes" in parameters:
        parameters["custom_attributes"] = json.dumps(parameters["custom_attributes"])
    statement = acts_sql.patch(frozenset(changes), guarded=seen is not None)
    written = _act(connection, statement, who, conversation_id, **parameters, seen=list(seen or ()))
    if seen is not None and not written.row["written"] and written.row["version"] not in seen:
        raise StaleVersion("Somebody changed this conversation since you loaded it.", conversation=written.as_json())
    return written


def claim(connection: Connection, who: Agent, conversation_id: int) -> Written:
    """Assign it to the asker if nobody has it; own again is unchanged. StaleClaim names who was faster."""
    written = _act(connection, acts_sql.CLAIM, who, conversation_id)
    owner = written.row["assignee_id"]
    if owner != who.id:
        name = connection.execute(text("SELECT name FROM agent WHERE id = :id"), {"id": owner}).scalar_one()
        raise StaleClaim(
            "%(name)s was faster: this conversation is assigned to %(name)s. Your click changed nothing.",
            filled={"name": name},
            owner={"id": owner, "name": name},
            conversation=written.as_json(),
        )
    return written


def reply(
    connection: Connection,
    who: Agent,
    conversation_id: int,
    content: str,
    attachment_ids: Sequence[int] = (),
    *,
    seen: int | None = None,
) -> Row:
    """A public message of a person. It pauses the responder and cancels a queued turn in the same statement.

    `seen` is the newest message that they had before their eyes: StaleClaim names the colleague (`owner`) who has
    said something in public after it, and when (`at`). Invalid for a file that is not theirs to send.
    """
    more = said(connection, sender(who, conversation_id), content, attachment_ids)
    more["seen"] = LARGEST_ID if seen is None else seen
    row = _row(connection, acts_sql.REPLY, who, conversation_id, content=content, **more)
    if row["id"] is not None:
        return row
    faster = _row(connection, acts_sql.FASTER, who, conversation_id, seen=seen)
    raise StaleClaim(
        "%(name)s replied before you. Yours is not sent.",
        filled={"name": faster["name"]},
        owner={"id": faster["id"], "name": faster["name"]},
        at=representation.moment(faster["at"]),
    )


def note(
    connection: Connection, who: Agent, conversation_id: int, content: str, attachment_ids: Sequence[int] = ()
) -> Row:
    """A private message among agents. The responder goes on. A member's name behind an @ mentions them.

    Raises Invalid for a file that is not theirs to send.
    """
    more = said(connection, sender(who, conversation_id), content, attachment_ids)
    members = reading.members(connection, who.project_id) if "@" in content else ()
    mentioned = mentions.named_in(content, members)
    return _row(connection, acts_sql.NOTE, who, conversation_id, content=content, mentioned=mentioned, **more)


def sender(who: Agent, conversation_id: int) -> Sender:
    """An agent as somebody who sends and reads files."""
    return Sender(who.project_id, conversation_id, "agent", who.id)


def take_over(connection: Connection, who: Agent, conversation_id: int) -> Written:
    """Pause the responder: a queued turn is cancelled, a thinking one will park. Unchanged where it is paused."""
    return _act(connection, acts_sql.TAKE_OVER, who, conversation_id)


def give_back(connection: Connection, who: Agent, conversation_id: int) -> Written:
    """Resume the responder; a turn starts if a visitor's message is not answered.

    Where it has the conversation already nothing changes, unless the visitor waits and no turn is at it.
    """
    return _act(connection, acts_sql.GIVE_BACK, who, conversation_id)


def mark_read(connection: Connection, who: Agent, conversation_id: int) -> Written:
    """Nothing is unread any more. No version, no epoch: reading is no change that anybody could lose."""
    return _act(connection, acts_sql.READ, who, conversation_id)


def stop(connection: Connection, who: Agent, conversation_id: int, turn_id: int) -> Row:
    """End a live turn so that nothing of it lands. An ended turn is answered as it is.

    The row's `started_turn` is a turn to start for what the visitor wrote after the stopped one had read, or None.
    """
    return _row(connection, acts_sql.STOP, who, conversation_id, turn=turn_id)


def move_workflow(connection: Connection, who: Agent, conversation_id: int, node_id: str | None) -> Written:
    """Put the workflow's position to a node, or restart it with None. A turn in flight yields to that.

    Invalid for a node that the current workflow does not have.
    """
    if node_id is not None:
        nodes = connection.execute(NODE_IDS, {"project": who.project_id}).scalars().all()
        if node_id not in nodes:
            raise Invalid("This workflow has no such node.", fields={"node_id": "names no node of the workflow"})
    return _act(connection, acts_sql.MOVE, who, conversation_id, node=node_id)


NODE_IDS = text(
    """
SELECT node ->> 'id' FROM project p JOIN workflow w ON w.project_id = p.id AND w.version = p.workflow_version,
    jsonb_array_elements(w.definition -> 'nodes') AS node
WHERE p.id = :project
"""
)


@contextmanager
def members_only() -> Iterator[None]:
    """Invalid where a statement inside gives a conversation to who is no member of its project, or none any more."""
    try:
        yield
    except IntegrityError as error:
        if not refused_by(error, ASSIGNEE_IS_MEMBER):
            raise
        raise Invalid(
            "The assignee is not a member of this project.", fields={"assignee_id": "is not a member of this project"}
        ) from None


def _act(connection: Connection, statement: TextClause, who: Agent, conversation_id: int, **more: Any) -> Written:
    row = _row(connection, statement, who, conversation_id, **more)
    return Written(row, row.get("started_turn"))


def _row(connection: Connection, statement: TextClause, who: Agent, conversation_id: int, **more: Any) -> Row:
    parameters = {**who.asking, "conversation": conversation_id, **more}
    for _ in range(MOST_TRIES):
        with members_only():
            row = connection.execute(statement, parameters).mappings().one_or_none()
        if row is None:
            raise NotFound
        if row.get("fresh", True):
            return row
    raise Unavailable(BUSY)
