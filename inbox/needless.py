"""Words of a visitor that wait for no answer, such as thanks: a person says so, and nobody is called to them any more.

Owns that act. It guesses nothing by itself, and what the visitor writes next waits as ever.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from inbox.access import Agent
from inbox.act_parts import (
    BUSY,
    ENTRY_FROM_C,
    ENTRY_HEAD,
    FOUND,
    FRESH,
    MOST_TRIES,
    QUESTIONS,
    VISITOR,
)
from inbox.acts import Written
from inbox.change import change_cte
from inbox.conversation import LARGEST_ID
from inbox.errors import NotFound, StaleVersion, Unavailable
from inbox.saying import later

WROTE_MEANWHILE = later("The visitor has written meanwhile. Nothing was changed.")

# Where the responder handed off the visitor was promised a person: whoever is that person takes over first. The words
# keep it to themselves that nothing waits in them, so that no later act finds them unanswered.
SAY = text(
    f"""
WITH {FRESH},
newer AS (
    SELECT 1 FROM message o, old WHERE o.conversation_id = old.id AND o.author = 'visitor' AND o.id > :seen LIMIT 1),
c AS (
    UPDATE conversation SET version = old.version + 1, epoch = old.epoch + 1, left_to_people = false,
        waiting_since = NULL
    FROM old, fresh WHERE conversation.id = old.id AND fresh.fresh AND old.left_to_people
        AND old.responder_state <> 'handed_off' AND NOT EXISTS (SELECT FROM newer)
    RETURNING conversation.*),
m AS (
    UPDATE message SET details = details || '{{"needs_no_answer": true}}'
    FROM c WHERE message.id IN (SELECT m.id FROM {QUESTIONS.format("c.id")})),
e AS (
    {ENTRY_HEAD}
    {ENTRY_FROM_C}
    FROM c, (VALUES ('needs_no_answer', '{{}}'::jsonb)) AS listed (kind, data)
    RETURNING *),
{change_cte(entries=("e",))},
{FOUND}
SELECT found.*, {VISITOR}, fresh.fresh, EXISTS (SELECT FROM newer) AS overtaken FROM found, fresh"""
)


def say(connection: Connection, who: Agent, conversation_id: int, *, seen: int | None = None) -> Written:
    """Nothing is to be answered in what the visitor wrote up to the message `seen`. Unchanged where nobody waits.

    Raises NotFound, and StaleVersion where the visitor has written after it.
    """
    parameters = {**who.asking, "conversation": conversation_id, "seen": LARGEST_ID if seen is None else seen}
    for _ in range(MOST_TRIES):
        row = connection.execute(SAY, parameters).mappings().one_or_none()
        if row is None:
            raise NotFound
        if row["fresh"]:
            if row["overtaken"]:
                raise StaleVersion(WROTE_MEANWHILE)
            return Written(row)
    raise Unavailable(BUSY)
