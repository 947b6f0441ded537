"""The labels of a project as a whole: which there are, and renaming or removing one everywhere.

Owns those statements. A label lives in the conversations that have it, and in its colour: one that was made and not
used yet has only that. Each conversation is written by a statement of its own, with its version, timeline entry and
events as for any act, so that nobody's click waits for the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, TextClause, text

from inbox import label_colours
from inbox.access import Agent, require_manager
from inbox.act_parts import CHANGES, OLD
from inbox.audit import audit_cte
from inbox.change import change_cte
from inbox.saying import later

Row = Mapping[Any, Any]
FOR_MANAGERS = later("Only managers rename or remove a label everywhere. Ask one of them.")
MOST_AT_ONCE = 500  # conversations that one call writes: a second or two; the asker calls again for the rest

LISTED = text(
    """
(SELECT label AS name, count(*) AS conversations, (
    SELECT l.colour FROM label_colour l WHERE l.project_id = :project AND l.name = label) AS colour
FROM conversation_label
WHERE project_id = :project AND label > :after
GROUP BY label ORDER BY label LIMIT :limit)
UNION ALL
(SELECT made.name, 0, made.colour FROM label_colour made
WHERE made.project_id = :project AND made.name > :after AND NOT EXISTS (
    SELECT FROM conversation_label used WHERE used.project_id = :project AND used.label = made.name)
ORDER BY made.name LIMIT :limit)
ORDER BY name LIMIT :limit
"""
)
HOLDING = text(
    """
SELECT conversation_id AS id FROM conversation_label
WHERE project_id = :project AND label = :label ORDER BY conversation_id LIMIT :limit
"""
)


# The new value is made from the row as it is locked, not from one that was read: what a colleague adds meanwhile stays.
# tests/integration/test_labels.py::test_a_label_that_is_added_meanwhile_stays
def _everywhere(kind: str, labels: str, data: str = "jsonb_build_object()") -> TextClause:
    """The statement that gives one conversation these labels, with an entry in the audit log.

    There is one entry for as long as somebody is at it, however many conversations and calls that takes.
    """
    begun = f"""(SELECT 1 FROM c WHERE NOT EXISTS (
        SELECT 1 FROM audit_entry a WHERE a.project_id = :project AND a.kind = '{kind}' AND a.actor_id = :who
            AND a.subject = :label AND a.data = {data}
            AND a.at > statement_timestamp() - interval '1 minute')) AS begun"""
    return text(
        f"""
WITH {OLD},
c AS (
    UPDATE conversation SET version = old.version + 1, epoch = old.epoch + 1, labels = {labels}
    FROM old WHERE conversation.id = old.id AND CAST(:label AS text) = ANY(old.labels)
    RETURNING conversation.*),
{CHANGES},
{change_cte(entries=("e",))},
{audit_cte(begun, f"'{kind}'", subject=":label", data=data)}
SELECT id FROM c
"""
    )


REMOVE = _everywhere("label_removed", "array_remove(old.labels, :label)")
RENAME = _everywhere(
    "label_renamed",
    """CASE WHEN CAST(:new AS text) = ANY(old.labels)
        THEN array_remove(old.labels, :label) ELSE array_replace(old.labels, :label, CAST(:new AS text)) END""",
    data="jsonb_build_object('to', CAST(:new AS text))",
)


@dataclass(frozen=True)
class Relabelled:
    """How many conversations were written, and whether there are more."""

    changed: int
    more: bool


def listed(connection: Connection, project_id: int, *, after: str = "", limit: int = 50) -> list[Row]:
    """The labels by name, each with how many conversations have it: none of one that was only made."""
    parameters = {"project": project_id, "after": after, "limit": limit}
    return list(connection.execute(LISTED, parameters).mappings())


def relabel(connection: Connection, who: Agent, label: str, new: str | None) -> Relabelled:
    """Put `new` in the place of a label (None: nothing), in up to MOST_AT_ONCE conversations.

    Each statement commits by itself, so a call that breaks off is gone on with by another. Raises Forbidden unless they
    are a manager.
    """
    require_manager(who, FOR_MANAGERS)
    if label == new:
        return Relabelled(0, False)
    label_colours.follow(connection, who.project_id, label, new)
    named = {"project": who.project_id, "label": label}
    holding = connection.execute(HOLDING, {**named, "limit": MOST_AT_ONCE + 1}).scalars().all()
    acting = {**who.asking, "label": label, "new": new}
    statement = REMOVE if new is None else RENAME
    changed = sum(
        connection.execute(statement, {**acting, "conversation": conversation_id}).one_or_none() is not None
        for conversation_id in holding[:MOST_AT_ONCE]
    )
    return Relabelled(changed, len(holding) > MOST_AT_ONCE)
