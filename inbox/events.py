"""The event log: every commit as frames, in commit order, with no gap and nothing twice (I7).

Owns positions, and what of a commit each kind of listener may see. Must not know who listens now: inbox/audience.py.

A change's id comes from a sequence and becomes visible out of commit order, so nobody reads by it. Positions are
given after the commit, by one reader at a time (the row lock on stream_head), to all changes that are visible then:
what commits later gets a higher one: tests/integration/test_events.py::test_commits_out_of_order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from inbox import representation
from inbox.database import single_statements
from inbox.passing import Sign

BATCH = 500
# Only CR and LF end a line of a stream, and JSON escapes both. Many a client takes these for ends as well, and whoever
# wrote one would break its reading: tests/integration/test_events.py::test_what_others_take_for_the_end_of_a_line
OTHER_LINE_ENDS = (("\x85", r"\u0085"), ("\u2028", r"\u2028"), ("\u2029", r"\u2029"))

UNPLACED = text("SELECT EXISTS (SELECT 1 FROM change WHERE position IS NULL)")
# A process that stalls while it holds this lock would silence every stream; the server then ends its transaction.
# Behind every position that was given, also where an earlier one left the head behind.
LOCK_HEAD = text(
    """
SELECT GREATEST(h.position, (SELECT max(position) FROM change)) AS position,
    set_config('idle_in_transaction_session_timeout', '5s', true)
FROM stream_head h FOR UPDATE OF h
"""
)
# A change that is erased at this moment leaves its position empty, so the newest is what counts, and not how many there
# are: tests/integration/test_events.py::test_one_that_is_erased_while_it_is_placed
PLACE = text(
    """
WITH fresh AS (
    SELECT id, :head + row_number() OVER (ORDER BY id) AS position FROM change WHERE position IS NULL),
placed AS (UPDATE change SET position = fresh.position FROM fresh WHERE change.id = fresh.id RETURNING change.position)
UPDATE stream_head SET position = COALESCE((SELECT max(position) FROM placed), :head)
"""
)
HEAD = text("SELECT position FROM stream_head")
AFTER = """
SELECT ch.position, ch.project_id, ch.conversation_id, ch.version, ch.at, ch.body, to_jsonb(v) AS visitor,
    CAST(ch.xmin AS text) AS writer
FROM change ch LEFT JOIN conversation c ON c.id = ch.conversation_id LEFT JOIN visitor v ON v.id = c.visitor_id
WHERE ch.position > :after {more} ORDER BY ch.position LIMIT :limit
"""


@dataclass(frozen=True)
class Scope:
    """Who listens: a project's agents, or the visitor of one conversation."""

    project_id: int
    conversation_id: int | None = None
    # For an agent's page: who reads it, and which conversation is open there. Only pages see signs (inbox/passing.py).
    reader_id: int | None = None
    watching: int | None = None
    whole: bool = False  # of a visitor: also how the conversation stands

    @property
    def is_visitor(self) -> bool:
        """Whether only public things of one conversation may be seen."""
        return self.conversation_id is not None

    def covers(self, change: Change) -> bool:
        """Whether the change is of the project, and of the visitor's conversation."""
        return change.project_id == self.project_id and self.conversation_id in (None, change.conversation_id)

    def sees(self, sign: Sign) -> bool:
        """Whether the sign is for this page: an agent's, or where it is a visitor's the widget. Never for a program."""
        if sign.is_for_visitor:
            return self.whole and (sign.project_id, sign.conversation_id) == (self.project_id, self.conversation_id)
        return (
            self.reader_id is not None
            and sign.project_id == self.project_id
            and sign.conversation_id in (None, self.watching)
            and sign.agent_id in (None, self.reader_id)
        )


@dataclass(frozen=True)
class Change:
    """One commit with its frames, encoded once: for agents, and for the conversation's visitor."""

    position: int
    project_id: int
    conversation_id: int
    for_agents: bytes
    for_visitor: bytes
    for_widget: bytes

    def shown_to(self, scope: Scope) -> bytes:
        """The frames that a listener may see."""
        if not scope.is_visitor:
            return self.for_agents
        return self.for_widget if scope.whole else self.for_visitor


def place(engine: Engine) -> None:
    """Give positions to all committed changes that have none."""
    with single_statements(engine).connect() as connection:
        if not connection.execute(UNPLACED).scalar_one():
            return
    with engine.begin() as connection:
        head = connection.execute(LOCK_HEAD).one().position
        # A statement of its own: its snapshot is younger than the lock.
        connection.execute(PLACE, {"head": head})


def read(connection: Connection, after: int, scope: Scope | None = None, limit: int = BATCH) -> list[Change]:
    """Placed changes after a position, in order; of everything, or of what a listener may see."""
    more, parameters = "", {"after": after, "limit": limit}
    if scope is not None:
        more = "AND ch.project_id = :project"
        parameters["project"] = scope.project_id
        if scope.conversation_id is not None:
            more += " AND ch.conversation_id = :conversation"
            parameters["conversation"] = scope.conversation_id
    return [encode(row) for row in connection.execute(text(AFTER.format(more=more)), parameters).mappings()]


def encode(row: Mapping[Any, Any]) -> Change:
    """A change row as frames."""
    events = list(events_of(row))
    agents = b"".join(_frame(row["position"], n, name, data) for n, (name, data, _) in enumerate(events))
    visible = [(name, _frame(row["position"], n, name, data)) for n, (name, _, data) in enumerate(events) if data]
    visitor = b"".join(frame for name, frame in visible if name != "conversation.updated")
    widget = b"".join(frame for _, frame in visible)
    return Change(row["position"], row["project_id"], row["conversation_id"], agents, visitor, widget)


def events_of(row: Mapping[Any, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any] | None]]:
    """(name, data for agents, data for the visitor or None) of everything that the commit did, of a row of AFTER."""
    body = row["body"]
    head = {
        "conversation_id": row["conversation_id"],
        "version": row["version"],
        "at": representation.moment(row["at"]),
    }
    for message in body["messages"]:
        public = None if message["private"] else {"message": representation.message_for_visitor(message)}
        yield _event("message.created", head, {"message": representation.message(message)}, public)
    for message in body.get("removed", ()):
        public = None if message["private"] else {"message": representation.message_for_visitor(message)}
        yield _event("message.removed", head, {"message": representation.message(message)}, public)
    for message in body.get("edited", ()):
        public = None if message["private"] else {"message": representation.message_for_visitor(message)}
        yield _event("message.edited", head, {"message": representation.message(message)}, public)
    for turn in body["turns"]:
        shown = {"turn": {"status": turn["status"]}}
        yield _event("turn.updated", head, {"turn": representation.turn(turn)}, shown)
    for draft in body["drafts"]:
        yield _event("draft.updated", head, {"draft": representation.draft(draft)}, None)
    for entry in body["entries"]:
        yield _event("timeline.created", head, {"entry": representation.entry(entry)}, None)
    if body["conversation"] is not None and row["visitor"] is not None:
        shown_conversation = representation.conversation(body["conversation"], row["visitor"])
        told = {name: body["conversation"][name] for name in ("status", "responder_state")}
        yield _event("conversation.updated", head, {"conversation": shown_conversation}, {"conversation": told})


def _event(
    name: str, head: dict[str, Any], what: dict[str, Any], public: dict[str, Any] | None
) -> tuple[str, dict[str, Any], dict[str, Any] | None]:
    return name, {"type": name, **head, **what}, None if public is None else {"type": name, **head, **public}


def _frame(position: int, index: int, name: str, data: dict[str, Any]) -> bytes:
    said = json.dumps(data, ensure_ascii=False)
    for end, escaped in OTHER_LINE_ENDS:
        said = said.replace(end, escaped)
    return f"id: {position}.{index}\nevent: {name}\ndata: {said}\n\n".encode()
