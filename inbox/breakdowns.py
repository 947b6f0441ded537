"""What the report says beside its days: who answered, what it was about, and when visitors write.

Owns which figures there are, who sees whose, and how rows become them. The SQL is inbox/breakdowns_sql.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, TextClause

from inbox import breakdowns_sql
from inbox.access import Agent
from inbox.patience import patiently
from inbox.reports import STATEMENT_SECONDS, Period

MOST_LABELS = 200
HOURS = 24


@dataclass(frozen=True)
class OfAgent:
    """What one agent did in the period; seconds and percent are null where there was nothing to measure."""

    agent_id: int
    name: str
    conversations: int
    replies: int
    first_reply: float | None
    solved: int
    ratings: int
    satisfied: float | None


@dataclass(frozen=True)
class OfLabel:
    """Conversations that began in the period and have this label; the label null is of those without one."""

    label: str | None
    conversations: int
    by_ai: float | None
    first_reply: float | None
    until_solved: float | None


@dataclass(frozen=True)
class Breakdown:
    """`hours` are visitors' messages: a row for each day of the week from Monday, in it one for each hour."""

    agents: Sequence[OfAgent]
    labels: Sequence[OfLabel]
    hours: Sequence[Sequence[int]]


Key = Literal["agents", "labels", "hours"]


def breakdown(connection: Connection, who: Agent, period: Period) -> Breakdown:
    """All of it. What each agent did is for managers; others see what they did themselves."""
    asked = {"project": who.project_id, **period.asked(), "most": MOST_LABELS}

    def rows(statement: TextClause) -> Sequence[Mapping[Any, Any]]:
        named = {name: value for name, value in asked.items() if name in statement._bindparams}
        return connection.execute(statement, named).mappings().all()

    with patiently(connection, STATEMENT_SECONDS):
        parts = [rows(one) for one in breakdowns_sql.OF_AGENTS]
        labels, hours = rows(breakdowns_sql.LABELS), rows(breakdowns_sql.HOURS)
    agents = _agents(connection, parts)
    seen = agents if who.is_manager else [one for one in agents if one.agent_id == who.id]
    return Breakdown(seen, [_label(row) for row in labels], _hours(hours))


def _agents(connection: Connection, parts: Sequence[Sequence[Mapping[Any, Any]]]) -> list[OfAgent]:
    """Whoever did anything, the busiest first; somebody who left the team meanwhile as well."""
    found: dict[int, dict[str, Any]] = {}
    for rows in parts:
        for row in rows:
            found.setdefault(row["who"], {}).update(row)
    names = connection.execute(breakdowns_sql.NAMES, {"agents": list(found)}).all()
    made = [_agent(number, name, found[number]) for number, name in names]
    return sorted(made, key=lambda one: (-one.replies, -one.solved, one.name))


def _agent(number: int, name: str, row: Mapping[str, Any]) -> OfAgent:
    return OfAgent(
        agent_id=number,
        name=name,
        conversations=row.get("conversations", 0),
        replies=row.get("replies", 0),
        first_reply=_rounded(row.get("first_reply")),
        solved=row.get("solved", 0),
        ratings=row.get("ratings", 0),
        satisfied=_rounded(row.get("satisfied")),
    )


def _label(row: Mapping[Any, Any]) -> OfLabel:
    measured = (_rounded(row[name]) for name in ("by_ai", "first_reply", "until_solved"))
    return OfLabel(row["label"], row["conversations"], *measured)


def _hours(rows: Sequence[Mapping[Any, Any]]) -> list[list[int]]:
    found = {(row["weekday"], row["hour"]): row["messages"] for row in rows}
    return [[found.get((day, hour), 0) for hour in range(HOURS)] for day in range(1, 8)]


def _rounded(value: Any) -> float | None:
    return None if value is None else round(float(value), 1)
