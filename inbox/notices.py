"""What managers are told beside their work: a webhook that was switched off without anybody doing so.

Owns who has put which notice away. A notice is of an entry in the audit log, and ends by itself once it is put right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from inbox.access import Agent, require_manager
from inbox.errors import NotFound
from inbox.saying import later

Row = Mapping[Any, Any]
FOR_MANAGERS = later("These notices are for managers.")

OF_WEBHOOKS = text(
    """
SELECT noted.id, w.id AS webhook_id, w.url, w.description, w.off_reason
FROM membership m JOIN webhook w ON w.project_id = m.project_id CROSS JOIN LATERAL (
    SELECT max(a.id) AS id FROM audit_entry a
    WHERE a.project_id = m.project_id AND a.kind = 'webhook_switched_off'
        AND a.data @> jsonb_build_object('webhook_id', w.id)) AS noted
WHERE m.project_id = :project AND m.agent_id = :who AND m.role = 'manager'
  AND NOT w.enabled AND w.off_reason IS NOT NULL AND noted.id > m.notices_dismissed
ORDER BY noted.id DESC
"""
)
DISMISS = text(
    """
UPDATE membership m SET notices_dismissed = GREATEST(notices_dismissed, a.id)
FROM audit_entry a WHERE a.id = :entry AND a.project_id = :project AND m.project_id = :project AND m.agent_id = :who
"""
)


def listed(connection: Connection, who: Agent) -> list[Row]:
    """What they are told now, newest first; others than managers nothing."""
    return list(connection.execute(OF_WEBHOOKS, who.asking).mappings()) if who.is_manager else []


def dismiss(connection: Connection, who: Agent, entry_id: int) -> None:
    """Put away the notice of this entry and those before it, for themselves alone. Raises NotFound and Forbidden."""
    require_manager(who, FOR_MANAGERS)
    if connection.execute(DISMISS, {**who.asking, "entry": entry_id}).rowcount == 0:
        raise NotFound
