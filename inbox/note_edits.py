"""Editing a note: whoever wrote it puts other words in the place of its own, and the note says that it was edited.

Owns what changes with a note's words: those who are mentioned, and what a search finds. Must not touch what a visitor
was told, and keeps nothing of the words that were there before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from inbox import mentions, reading
from inbox.access import Agent
from inbox.act_parts import ENTRY_FROM_C, ENTRY_HEAD, MEANT, MENTIONED, OLD
from inbox.change import change_cte
from inbox.errors import Forbidden, Invalid
from inbox.removing import held
from inbox.saying import later

Row = Mapping[Any, Any]
FOR_ITS_WRITER = later("Only a note is edited, and only by whoever wrote it.")
REMOVED = later("This note was removed meanwhile.")

# Who is named anew is called; who is named no more has nothing to look at.
EDIT = text(
    f"""
WITH {OLD},
{MEANT},
c AS (
    UPDATE conversation SET version = old.version + 1, epoch = old.epoch + 1
    FROM old WHERE conversation.id = old.id RETURNING conversation.*),
m AS (
    UPDATE message SET content = :content,
        details = (details - 'mentions') || {MENTIONED} || jsonb_build_object('edited_at', clock_timestamp())
    FROM c WHERE message.id = :message AND message.conversation_id = c.id RETURNING message.*),
s AS (
    UPDATE message_search SET search = to_tsvector('simple', words_of(m.content)) FROM m
    WHERE message_search.conversation_id = m.conversation_id AND message_search.message_id = m.id),
g AS (
    DELETE FROM mention USING m
    WHERE mention.message_id = m.id AND NOT mention.agent_id = ANY(ARRAY(SELECT meant.id FROM meant))),
n AS (
    INSERT INTO mention (message_id, agent_id, project_id, conversation_id)
    SELECT m.id, meant.id, m.project_id, m.conversation_id FROM m, meant
    ON CONFLICT (message_id, agent_id) DO NOTHING RETURNING agent_id),
e AS (
    {ENTRY_HEAD}
    {ENTRY_FROM_C}
    FROM c, m, LATERAL (VALUES ('note_edited', jsonb_build_object('message_id', m.id))) AS listed (kind, data)
    RETURNING *),
{change_cte(edited=("m",), entries=("e",))}
SELECT m.*, ARRAY(SELECT agent_id FROM n) AS called FROM m"""
)


@dataclass(frozen=True)
class Edited:
    """The note as it stands now, and the ids of those whom it calls and did not call before."""

    message: Row
    called: Sequence[int] = ()


def may_edit(who: Agent, message: Row) -> bool:
    """Whether it is a note that they wrote themselves: nobody puts words in another's mouth, a manager neither."""
    return bool(message["private"]) and message["author"] == "agent" and message["author_id"] == who.id


def edit(connection: Connection, who: Agent, conversation_id: int, message_id: int, content: str) -> Edited:
    """Give a note these words; one that has them already is answered as it is.

    Must run in a transaction. Raises NotFound, Forbidden for what is no note of theirs, and Invalid for a removed one.
    """
    named = {**who.asking, "conversation": conversation_id, "message": message_id}
    row = held(connection, named)
    if not may_edit(who, row):
        raise Forbidden(FOR_ITS_WRITER)
    if "removed" in row["details"]:
        raise Invalid(REMOVED, fields={"content": "is of a note that was removed"})
    if row["content"] == content:
        return Edited(row)
    mentioned = mentions.named_in(content, reading.members(connection, who.project_id)) if "@" in content else []
    edited = connection.execute(EDIT, {**named, "content": content, "mentioned": mentioned}).mappings().one()
    return Edited(edited, edited["called"])
