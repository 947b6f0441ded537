"""What a visitor can do: begin a conversation and write into it.

Owns the statements of both. Must not decide what is answered: it only starts a turn where one is due.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from inbox.act_parts import MAY_ANSWER, NEXT_MESSAGE, WAITS_FROM, last_word
from inbox.attachments import LINK, Sender, said
from inbox.change import change_cte
from inbox.errors import NotFound
from inbox.saying import later
from inbox.tokens import digest, new_token

GONE = later("This conversation does not exist any more.")


@dataclass(frozen=True)
class Session:
    """What a visitor holds: the token is told once and stored only as its digest."""

    token: str
    conversation_id: int


@dataclass(frozen=True)
class Visit:
    """Who is asking on the visitor's side: one visitor in one conversation of one project."""

    project_id: int
    visitor_id: int
    visitor_name: str | None
    conversation_id: int
    answers_when: str

    @property
    def sender(self) -> Sender:
        """As somebody who sends and reads files."""
        return Sender(self.project_id, self.conversation_id, "visitor", self.visitor_id)


@dataclass(frozen=True)
class Received:
    """A stored message, and the turn that it started, if one was due."""

    message: Mapping[Any, Any]
    turn_id: int | None


START = text(
    """
WITH p AS (SELECT id FROM project WHERE key = :key),
v AS (
    INSERT INTO visitor (project_id, external_id, name, email)
    SELECT p.id, :external_id, :name, :email FROM p RETURNING id, project_id),
c AS (
    INSERT INTO conversation (project_id, visitor_id) SELECT v.project_id, v.id FROM v RETURNING *),
s AS (
    INSERT INTO visitor_session (token_hash, project_id, visitor_id, conversation_id)
    SELECT :token_hash, c.project_id, c.visitor_id, c.id FROM c),
"""
    + change_cte()
    + "SELECT id FROM c"
)

# Of somebody whom the project's site has vouched for: the same visitor again, in the conversation that they had last.
RETURN = text(
    """
WITH p AS (SELECT id FROM project WHERE key = :key),
v AS (
    INSERT INTO visitor (project_id, external_id, name, email, verified)
    SELECT p.id, :external_id, :name, :email, true FROM p
    ON CONFLICT (project_id, external_id) WHERE verified DO UPDATE SET
        name = COALESCE(EXCLUDED.name, visitor.name), email = COALESCE(EXCLUDED.email, visitor.email),
        version = visitor.version + 1
    RETURNING id, project_id),
had AS (
    SELECT c.id, c.project_id, c.visitor_id FROM conversation c JOIN v ON v.id = c.visitor_id
    ORDER BY c.active_at DESC, c.id DESC LIMIT 1),
c AS (
    INSERT INTO conversation (project_id, visitor_id)
    SELECT v.project_id, v.id FROM v WHERE NOT EXISTS (SELECT 1 FROM had) RETURNING *),
one AS (SELECT id, project_id, visitor_id FROM c UNION ALL SELECT id, project_id, visitor_id FROM had),
s AS (
    INSERT INTO visitor_session (token_hash, project_id, visitor_id, conversation_id)
    SELECT :token_hash, one.project_id, one.visitor_id, one.id FROM one),
"""
    + change_cte()
    + "SELECT id FROM one"
)

WHO = text(
    """
SELECT s.project_id, s.visitor_id, v.name AS visitor_name, s.conversation_id, p.answers_when
FROM visitor_session s JOIN visitor v ON v.id = s.visitor_id JOIN project p ON p.id = s.project_id
WHERE s.token_hash = :token_hash
"""
)

# A message that came while an agent was there, in a project where the responder then keeps silent, says so of itself:
# a turn that is under way for an earlier one starts no next turn for it (tests/concurrency/test_policies.py).
# The turn is inserted from the locked row (`old`), and ON CONFLICT sees a live turn that commits meanwhile, which
# NOT EXISTS under this statement's snapshot would not: tests/concurrency/test_turns.py::test_one_live_turn
TURN_IS_DUE = f"""{MAY_ANSWER.format("{0}", project="old")} AND {{0}}.responder_state = 'active'
        AND NOT (old.answers_when = 'no_agent_online' AND :agent_online)"""
# It answers with what is shown of the message. No details are null, not JSON that would be read each time.
TAKEN_IN = f"""
c AS (
    UPDATE conversation SET
        version = conversation.version + 1,
        unread_count = conversation.unread_count + 1,
        {last_word("visitor", ":snippet", ids="{ids}")},
        left_to_people = NOT ({TURN_IS_DUE.format("conversation")}),
        {WAITS_FROM},
        status = CASE WHEN old.status IN ('solved', 'snoozed') THEN 'open' ELSE old.status END,
        snoozed_until = CASE WHEN old.status = 'snoozed' THEN NULL ELSE conversation.snoozed_until END
    FROM old WHERE conversation.id = old.id{{guard}}
    RETURNING conversation.*),
m AS (
    INSERT INTO message (id, project_id, conversation_id, author, author_id, author_name, content, details, created_at)
    SELECT c.last_message_id, c.project_id, c.id, 'visitor', c.visitor_id, old.visitor_name, :content,
        CASE WHEN old.answers_when = 'no_agent_online' AND :agent_online THEN '{{{{"left_to_people": true}}}}'::jsonb
            ELSE '{{{{}}}}'::jsonb END || CAST(:details AS jsonb), c.last_message_timestamp
    FROM c JOIN old ON old.id = c.id RETURNING *),{{linked}}
t AS (
    INSERT INTO turn (project_id, conversation_id)
    SELECT c.project_id, c.id FROM c JOIN old ON old.id = c.id
    WHERE {TURN_IS_DUE.format("c")}
    ON CONFLICT (conversation_id) WHERE status IN ('queued', 'thinking') DO NOTHING
    RETURNING *),
e AS (
    INSERT INTO timeline_event (project_id, conversation_id, version, kind, actor_type, actor_id, actor_name, data)
    SELECT c.project_id, c.id, c.version, listed.kind, 'visitor', c.visitor_id, old.visitor_name, listed.data
    FROM c JOIN old ON old.id = c.id, LATERAL (VALUES
        ('message', jsonb_build_object('message_id', c.last_message_id), true),
        ('reopened', jsonb_build_object('from', old.status), old.status IN ('solved', 'snoozed'))
    ) AS listed (kind, data, happened)
    WHERE listed.happened
    RETURNING *),
{change_cte(messages=("m",), turns=("t",), entries=("e",))}
SELECT m.id, m.project_id, m.conversation_id, m.author, m.author_id, m.author_name, m.content, m.private, m.turn_id,
    m.sent_by, NULLIF(m.details, '{{{{}}}}') AS details, m.created_at, (SELECT id FROM t) AS started_turn"""

RECEIVE = text(
    """
WITH old AS (
    SELECT had.id, had.status, CAST(:name AS text) AS visitor_name, p.answers_when, p.responder_enabled
    FROM conversation had JOIN project p ON p.id = had.project_id
    WHERE had.id = :conversation AND had.project_id = :project FOR NO KEY UPDATE OF had),"""
    + TAKEN_IN.format(ids=NEXT_MESSAGE, guard="", linked=LINK)
    + " FROM m"
)


def start_session(
    connection: Connection,
    *,
    key: str,
    visitor: Mapping[str, str | None],
    token: str | None = None,
    verified: bool = False,
) -> Session:
    """An empty open conversation of a new visitor, for a token given or made. Raises NotFound for an unknown key.

    What the visitor says of themselves is unverified, so it never joins an existing visitor. A verified one, whose
    external_id was proven (inbox/identity.py), is the same visitor on every device and goes on where they were.
    """
    token = token or new_token()
    parameters = {
        "key": key,
        "token_hash": digest(token),
        "external_id": visitor.get("external_id"),
        "name": visitor.get("name"),
        "email": visitor.get("email"),
    }
    row = connection.execute(RETURN if verified else START, parameters).one_or_none()
    if row is None:
        raise NotFound("There is no project with this key.")
    return Session(token, row.id)


def who(connection: Connection, token: str) -> Visit | None:
    """Whose token this is, or None."""
    row = connection.execute(WHO, {"token_hash": digest(token)}).mappings().one_or_none()
    return Visit(**row) if row else None


def receive(
    connection: Connection, visit: Visit, content: str, *, agent_online: bool, attachment_ids: Sequence[int] = ()
) -> Received:
    """Store a message in every case, and start a turn where the responder is to answer. Raises NotFound, and Invalid
    for a file that is not the visitor's to send.

    One statement: message, reopening, timeline and turn count together or not at all.
    """
    parameters = {
        "conversation": visit.conversation_id,
        "project": visit.project_id,
        "name": visit.visitor_name,
        "content": content,
        "agent_online": agent_online,
    } | said(connection, visit.sender, content, attachment_ids)
    row = connection.execute(RECEIVE, parameters).mappings().one_or_none()
    if row is None:
        raise NotFound(GONE)
    return Received(row, row["started_turn"])
