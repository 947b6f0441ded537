"""A project's working hours, as managers set them and as visitors are told when nobody is there.

Owns the statements. What hours mean is inbox/hours.py's. A project without a row has none: it answers at any time.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, text

from inbox import representation
from inbox.access import Agent, require_manager
from inbox.audit import audit_cte
from inbox.errors import StaleVersion
from inbox.hours import Hours
from inbox.saying import later

FOR_MANAGERS = later("Only managers change the working hours. Ask one of them.")

FIND = text("SELECT * FROM working_hours WHERE project_id = :project")
# One statement for the first time and every other; the version that the asker saw is the guard.
SET = text(
    f"""
WITH old AS (SELECT * FROM working_hours WHERE project_id = :project FOR NO KEY UPDATE),
w AS (
    INSERT INTO working_hours (project_id, enabled, time_zone, week, holidays, changed_by)
    SELECT :project, :enabled, :time_zone, CAST(:week AS jsonb), CAST(:holidays AS date[]), :who_name
    WHERE NOT :guarded OR COALESCE((SELECT version FROM old), 0) = ANY(CAST(:seen AS bigint[]))
    ON CONFLICT (project_id) DO UPDATE SET enabled = EXCLUDED.enabled, time_zone = EXCLUDED.time_zone,
        week = EXCLUDED.week, holidays = EXCLUDED.holidays, changed_by = EXCLUDED.changed_by,
        version = working_hours.version + 1
    WHERE NOT :guarded OR working_hours.version = ANY(CAST(:seen AS bigint[]))
    RETURNING *),
{audit_cte(
    "w LEFT JOIN old USING (project_id)", "'hours_changed'", data="jsonb_build_object('changed', jsonb_build_object("
    "'week', jsonb_build_object('from', old.week, 'to', w.week), "
    "'holidays', jsonb_build_object('from', old.holidays, 'to', w.holidays), "
    "'time_zone', jsonb_build_object('from', old.time_zone, 'to', w.time_zone), "
    "'enabled', jsonb_build_object('from', old.enabled, 'to', w.enabled)))",
)}
SELECT * FROM w"""
)  # fmt: skip


@dataclass(frozen=True)
class Setting:
    """A project's hours with who set them. Version 0: nobody yet."""

    enabled: bool
    hours: Hours
    version: int
    changed_by: str | None

    def as_json(self, now: datetime) -> dict[str, Any]:
        """The form that everybody reads, and whether the hours say that somebody is there `now`."""
        return {
            "enabled": self.enabled,
            "time_zone": self.hours.zone,
            "week": self.hours.week,
            "holidays": [day.isoformat() for day in sorted(self.hours.holidays)],
            "open_now": not self.enabled or self.hours.is_open(now),
            "opens_at": representation.moment(self.hours.opens_at(now)) if self.enabled else None,
        }


def find(connection: Connection, project_id: int) -> Setting:
    """The project's hours."""
    row = connection.execute(FIND, {"project": project_id}).mappings().one_or_none()
    return _setting(row) if row else Setting(False, Hours("UTC", {}, frozenset()), 0, None)


def change(
    connection: Connection,
    who: Agent,
    hours: Hours,
    *,
    enabled: bool,
    seen: Collection[int] | None = None,
) -> Setting:
    """Set the project's hours as a whole, and whether they count. `seen` are the versions that the asker saw.

    Raises Forbidden unless they are a manager, and StaleVersion where somebody set them since.
    """
    require_manager(who, FOR_MANAGERS)
    values = {"time_zone": hours.zone, "week": json.dumps(hours.week), "holidays": sorted(hours.holidays)}
    asked = {**who.asking, "enabled": enabled, "guarded": seen is not None, "seen": list(seen or ())}
    row = connection.execute(SET, {**values, **asked}).mappings().one_or_none()
    if row is None:
        stands = find(connection, who.project_id)
        raise StaleVersion(
            "%(name)s changed the working hours since you loaded them. Yours were not saved.",
            filled={"name": stands.changed_by or "Somebody"},
            working_hours=stands.as_json(datetime.now(UTC)),
        )
    return _setting(row)


def back_at(connection: Connection, project_id: int, now: datetime) -> datetime | None:
    """When people answer again, where the project's hours say that they do not now; else None.

    For a visitor who waits while nobody is there.
    """
    setting = find(connection, project_id)
    return setting.hours.opens_at(now) if setting.enabled else None


def _setting(row: Mapping[Any, Any]) -> Setting:
    hours = Hours(row["time_zone"], row["week"], frozenset(row["holidays"]))
    return Setting(row["enabled"], hours, row["version"], row["changed_by"])
