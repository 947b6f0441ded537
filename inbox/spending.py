"""What a project's responder spends on models: counters of tokens, and the caps that managers set.

Owns the table's statements. A counter and not a sum over turns: tokens count from the moment at which they are asked
for, in every worker at once, also those of turns that were stopped, retried or killed, whose rows never hold them
(tests/concurrency/test_spend_cap.py). A project without caps has no counters and pays nothing for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

PROJECT = 0  # in place of a visitor's id: the counter of the whole project

# One statement decides and counts, on the locked row: of two callers for whom there is room once, one is refused.
RESERVE = text(
    """
INSERT INTO spend AS s (project_id, visitor_id, period, tokens)
SELECT :project, :visitor, date_trunc(:unit, clock_timestamp(), 'UTC'), :tokens
WHERE :tokens <= :cap
ON CONFLICT (project_id, visitor_id, period) DO UPDATE SET tokens = s.tokens + excluded.tokens
    WHERE s.tokens + excluded.tokens <= :cap
RETURNING period
"""
)
SETTLE = text(
    """
UPDATE spend SET tokens = GREATEST(0, tokens + :difference)
WHERE project_id = :project AND visitor_id = :visitor AND period = :period
"""
)
SPENT = text(
    f"""
SELECT tokens FROM spend
WHERE project_id = :project AND visitor_id = {PROJECT} AND period = date_trunc('day', clock_timestamp(), 'UTC')
"""
)


@dataclass(frozen=True, slots=True)
class Caps:
    """Tokens at most, 0 for no limit: of one visitor in a clock hour, of the project in a day; both in UTC."""

    visitor_hour: int = 0
    day: int = 0

    @classmethod
    def of(cls, project: Mapping[Any, Any]) -> Caps:
        """The caps of a project's row."""
        return cls(project["cap_tokens_visitor_hour"], project["cap_tokens_day"])


@dataclass(frozen=True)
class Reserved:
    """Tokens counted before they are spent, in (visitor, period) counters."""

    project_id: int
    tokens: int
    counters: tuple[tuple[int, datetime], ...]


def reserve(engine: Engine, project_id: int, visitor_id: int, caps: Caps, tokens: int) -> Reserved | None:
    """Count so many tokens as spent, in both counters or in neither; None where a cap leaves no room for them.

    The visitor's counter comes first, here and in `settle`, so that two callers never wait for each other.
    """
    wanted = [(visitor_id, "hour", caps.visitor_hour)] if visitor_id != PROJECT else []
    wanted.append((PROJECT, "day", caps.day))
    counters: list[tuple[int, datetime]] = []
    with engine.begin() as connection:
        for visitor, unit, cap in wanted:
            if not cap:
                continue
            parameters = {"project": project_id, "visitor": visitor, "unit": unit, "cap": cap, "tokens": tokens}
            row = connection.execute(RESERVE, parameters).one_or_none()
            if row is None:
                connection.rollback()
                return None
            counters.append((visitor, row.period))
    return Reserved(project_id, tokens, tuple(counters))


def settle(engine: Engine, reserved: Reserved, spent: int) -> None:
    """Put what was really spent in the place of what was reserved."""
    if spent == reserved.tokens:
        return
    with engine.begin() as connection:
        for visitor, period in reserved.counters:
            difference = spent - reserved.tokens
            parameters = {"project": reserved.project_id, "visitor": visitor, "period": period}
            connection.execute(SETTLE, parameters | {"difference": difference})


def spent_today(connection: Connection, project_id: int) -> int:
    """The project's tokens since midnight UTC; 0 where no cap is set, for then nobody counts."""
    return int(connection.execute(SPENT, {"project": project_id}).scalar() or 0)
