"""A clock for the demo's past: what was just written is moved to when it is said to have happened.

Owns the moments and the moving. The product's own acts write the rows and read the database's clock, so everything that
they wrote within one step is moved by as much as that step; order and distances within it stay.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d(:\d\d)?)")
NOW = text("SELECT clock_timestamp()")
# Every time of a step that has happened; those that are still to come (a snooze's end) were given, not read.
TIMES = {
    "visitor": ("created_at",),
    "conversation": ("created_at", "assigned_at", "last_message_timestamp", "person_at", "waiting_since"),
    "turn": ("created_at", "claimed_at", "ended_at"),
    "message": ("created_at",),
    "mention": ("created_at", "seen_at"),
    "draft": ("created_at", "closed_at"),
    "timeline_event": ("at",),
    "change": ("at",),
}
BODIES = {"timeline_event": "data", "change": "body"}
STEPS = """CREATE TEMP TABLE demo_step ON COMMIT DROP AS
SELECT * FROM unnest(CAST(:began AS timestamptz[]), CAST(:meant AS timestamptz[])) AS s (began, meant)"""
MOVED = "(SELECT t.{0} - s.began + s.meant FROM demo_step s WHERE s.began <= t.{0} ORDER BY s.began DESC LIMIT 1)"


@dataclass
class DemoClock:
    """The steps so far: when each began, and when it is meant to have been."""

    connection: Connection
    began: list[datetime] = field(default_factory=list)
    meant: list[datetime] = field(default_factory=list)

    def now(self) -> datetime:
        """The database's clock."""
        return self.connection.execute(NOW).scalar_one()  # type: ignore[no-any-return]  # a timestamptz

    def step(self, meant: datetime) -> None:
        """What is written from here on happened then."""
        self.began.append(self.now())
        self.meant.append(meant)

    def move(self, project_id: int) -> None:
        """Give all that was written in the project the times that were meant."""
        self.connection.execute(text("DROP TABLE IF EXISTS demo_step"))
        self.connection.execute(text(STEPS), {"began": self.began, "meant": self.meant})
        for table, columns in TIMES.items():
            sets = ", ".join(f"{column} = {MOVED.format(column)}" for column in columns)
            self.connection.execute(
                text(f"UPDATE {table} AS t SET {sets} WHERE project_id = :project"), {"project": project_id}
            )
        for table, column in BODIES.items():
            self._move_bodies(table, column, project_id)

    def _move_bodies(self, table: str, column: str, project_id: int) -> None:
        find = text(f"SELECT id, {column} AS body FROM {table} WHERE project_id = :project")
        rows = self.connection.execute(find, {"project": project_id}).all()
        moved = [{"id": row.id, "body": json.dumps(self.moved(row.body))} for row in rows]
        if moved:
            self.connection.execute(text(f"UPDATE {table} SET {column} = CAST(:body AS jsonb) WHERE id = :id"), moved)

    def moved(self, value: Any) -> Any:
        """The same with every time of a step moved."""
        if isinstance(value, dict):
            return {name: self.moved(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.moved(one) for one in value]
        if isinstance(value, str) and MOMENT.fullmatch(value):
            at = datetime.fromisoformat(value)
            return (at + self._by(at)).isoformat()
        return value

    def _by(self, at: datetime) -> timedelta:
        place = bisect_right(self.began, at) - 1
        written = place >= 0 and at <= self.began[-1] + timedelta(minutes=1)
        return self.meant[place] - self.began[place] if written else timedelta()
