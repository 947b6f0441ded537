"""Mentions: a colleague's name behind an @ in a note, and who has not looked yet.

Owns who is meant, and the statements for what is unseen. The row is written with the note, by acts.note.
Only members of the conversation's project can be meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, text

from inbox.access import Agent
from inbox.conversation import snippet_of
from inbox.passing import Sign

Row = Mapping[Any, Any]

UNSEEN = text(
    """
SELECT count(DISTINCT conversation_id) FROM mention
WHERE project_id = :project AND agent_id = :who AND seen_at IS NULL
"""
)
SEE = text(
    """
UPDATE mention SET seen_at = clock_timestamp()
WHERE project_id = :project AND agent_id = :who AND conversation_id = :conversation AND seen_at IS NULL
"""
)


def named_in(content: str, members: Iterable[Row]) -> list[int]:
    """The ids of the members whose whole name stands behind an @; of two with one name both are meant.

    A longer name is looked for first: `@Ana Duarte` does not mean an Ana who has no second name.
    """
    rest = content.casefold()
    found: list[int] = []
    known = list(members)
    for name in sorted({str(one["name"]).casefold() for one in known}, key=len, reverse=True):
        sign = re.compile(rf"(?<!\w)@{re.escape(name)}(?!\w)")
        if sign.search(rest):
            found += [one["id"] for one in known if str(one["name"]).casefold() == name]
            rest = sign.sub(" ", rest)
    return found


def unseen(connection: Connection, who: Agent) -> dict[str, int]:
    """In how many conversations the agent is mentioned and has not looked since, as that view's figure."""
    found = connection.execute(UNSEEN, {"project": who.project_id, "who": who.id}).scalar_one()
    return {"mentions": int(found)}


def see(connection: Connection, who: Agent, conversation_id: int) -> bool:
    """The agent has looked at the conversation; whether something was unseen."""
    parameters = {"project": who.project_id, "who": who.id, "conversation": conversation_id}
    return connection.execute(SEE, parameters).rowcount > 0


def of_note(message: Row) -> list[int]:
    """The ids of those whom a message's row says that it mentions."""
    return [one["id"] for one in (message["details"] or {}).get("mentions", [])]


def signs(by: Agent, conversation_id: int, content: str, mentioned: Iterable[int]) -> list[Sign]:
    """What tells the open pages of those whom a note names that they are called."""
    called = {"conversation_id": conversation_id, "by": by.name, "words": snippet_of(content)}
    return [Sign(by.project_id, "mention", called, agent_id=agent_id) for agent_id in mentioned]
