"""A visitor asks for a person: the conversation is handed off, and the responder steps back.

Owns the statement, and whether the project lets a visitor ask now. Must not tell when people are back: that is
inbox/working_hours.py's.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from inbox import working_hours
from inbox.act_parts import BUSY, CANCEL_QUEUED, ENTRY_HEAD, FRESH, MOST_TRIES, WAITS_FROM
from inbox.change import change_cte
from inbox.errors import Forbidden, NotFound, Unavailable
from inbox.visiting import GONE, Visit

REASON = "visitor_asked"

# It is no act of the team, so it adds nothing to the epoch. A turn that thinks finds out at its landing and parks.
ASK = text(
    f"""
WITH {FRESH},
c AS (
    UPDATE conversation SET version = old.version + 1, responder_state = 'handed_off',
        handed_off_reason = '{REASON}', {WAITS_FROM},
        status = CASE WHEN old.status IN ('solved', 'snoozed') THEN 'open' ELSE old.status END,
        snoozed_until = CASE WHEN old.status = 'snoozed' THEN NULL ELSE old.snoozed_until END
    FROM old, fresh
    WHERE conversation.id = old.id AND fresh.fresh AND old.responder_state = 'active' AND old.status <> 'spam'
    RETURNING conversation.*),
{CANCEL_QUEUED},
e AS (
    {ENTRY_HEAD}
    SELECT c.project_id, c.id, c.version, listed.kind, 'visitor', c.visitor_id, :name, listed.data
    FROM c JOIN old ON old.id = c.id, LATERAL (VALUES
        (1, 'reopened', jsonb_build_object('from', old.status), old.status IN ('solved', 'snoozed')),
        (2, 'handed_off', jsonb_build_object('reason', '{REASON}'), true)
    ) AS listed (place, kind, data, happened)
    WHERE listed.happened ORDER BY listed.place
    RETURNING *),
{change_cte(turns=("t",), entries=("e",))}
SELECT fresh.fresh FROM fresh"""
)
ALLOWED = text("SELECT widget_ask_person FROM project WHERE id = :project")


def ask(connection: Connection, visit: Visit, now: datetime, *, people_here: bool) -> None:
    """Hand the conversation to people; where they have it already nothing changes. The statement commits by itself.

    Raises Forbidden where the project does not let visitors ask, or not at this hour, and NotFound.
    """
    how = connection.execute(ALLOWED, {"project": visit.project_id}).scalar_one()
    if not may_ask(connection, visit, how, now, people_here=people_here):
        raise Forbidden("People of this team cannot be asked for here now. Write on; the AI answers.")
    named = {"conversation": visit.conversation_id, "project": visit.project_id, "name": visit.visitor_name}
    for _ in range(MOST_TRIES):
        row = connection.execute(ASK, named).one_or_none()
        if row is None:
            raise NotFound(GONE)
        if row.fresh:
            return
    raise Unavailable(BUSY)


def may_ask(connection: Connection, visit: Visit, how: str, now: datetime, *, people_here: bool) -> bool:
    """Whether visitors may ask for a person: `how` is the project's setting always, open_hours or never."""
    if how != "open_hours" or people_here:
        return how != "never"
    setting = working_hours.find(connection, visit.project_id)
    return not setting.enabled or setting.hours.is_open(now)
