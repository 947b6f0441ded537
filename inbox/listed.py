"""Which conversations a list shows: its filter, as conditions in SQL.

Owns those conditions but for words and names, which listed_words.py looks for. Values of closed sets are
written out, so that partial indexes count also for prepared statements; everything else is a parameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from inbox import search
from inbox.conversation import PRIORITIES, RESPONDER_STATES, STATUSES
from inbox.search import NOTHING, Search


@dataclass(frozen=True)
class Filter:
    """What a list shows. `assignee` is an agent's id or "none"; `before` is (active_at, id) of the last row seen.

    `only` asks which of these conversations the list shows; `who` is whom `assignee:me` means.
    """

    statuses: Sequence[str] = ()
    assignee: int | str | None = None
    responder_states: Sequence[str] = ()
    label: str | None = None
    search: Search = NOTHING
    mentioned: int | None = None
    thinking: bool = False
    parked: bool = False
    only: Sequence[int] | None = None
    who: int | None = None
    before: tuple[str, int] | None = None
    limit: int = 50


@dataclass(frozen=True)
class Conditions:
    """SQL about a conversation `c`, and the values of its parameters."""

    sql: str
    parameters: dict[str, Any]


ALL = "c.project_id = :project"


def conditions(project_id: int, wanted: Filter) -> Conditions:
    """All that must hold of a conversation `c` but the words that are looked for."""
    found = [ALL]
    parameters: dict[str, Any] = {"project": project_id}
    for clause, values in (*_of_list(wanted), *_of_search(wanted)):
        found.append(clause)
        parameters |= values
    return Conditions(" AND ".join(found), parameters)


Clause = tuple[str, dict[str, Any]]


def _of_list(wanted: Filter) -> Iterator[Clause]:
    if wanted.only is not None:
        yield "c.id = ANY(:only)", {"only": list(wanted.only)}
    if wanted.statuses:
        yield _one_of("c.status", wanted.statuses, STATUSES), {}
    if wanted.assignee == "none":
        yield "c.assignee_id IS NULL", {}
    elif wanted.assignee is not None:
        yield "c.assignee_id = :assignee", {"assignee": wanted.assignee}
    if wanted.responder_states:
        yield _one_of("c.responder_state", wanted.responder_states, RESPONDER_STATES), {}
    if wanted.label is not None:
        yield _labelled("label", wanted.label)
    if wanted.mentioned is not None:
        yield f"c.id IN ({MENTIONED})", {"mentioned": wanted.mentioned}
    if wanted.thinking:
        yield f"c.id IN ({THINKING})", {}
    if wanted.parked:
        yield f"c.id IN ({PARKED})", {}
    if wanted.before is not None:
        at, last = wanted.before
        yield (
            "(c.active_at, c.id) < (CAST(:before_at AS timestamptz), :before_id)",
            {"before_at": at, "before_id": last},
        )


THINKING = """SELECT t.conversation_id FROM turn t
    WHERE t.project_id = :project AND t.status IN ('queued', 'thinking')"""
MENTIONED = "SELECT n.conversation_id FROM mention n WHERE n.project_id = :project AND n.agent_id = :mentioned"
PARKED = "SELECT d.conversation_id FROM draft d WHERE d.project_id = :project AND d.state = 'open'"
HANDED_OFF_WHY = """(SELECT e.data ->> 'reason' FROM timeline_event e
    WHERE e.conversation_id = c.id AND e.kind = 'handed_off' ORDER BY e.version DESC, e.id DESC LIMIT 1)"""
NAMED = """SELECT a.id FROM agent a JOIN membership mb ON mb.agent_id = a.id
    WHERE mb.project_id = :project AND (a.name || ' ' || a.email) ILIKE ANY(:assignees)"""


def _of_search(wanted: Filter) -> Iterator[Clause]:
    typed = wanted.search
    if typed.statuses:
        yield _one_of("c.status", typed.statuses, STATUSES), {}
    if typed.priorities:
        yield _one_of("c.priority", typed.priorities, PRIORITIES), {}
    for place, label in enumerate(typed.labels):
        yield _labelled(f"label_{place}", label)
    if typed.reasons:
        why = f"c.responder_state = 'handed_off' AND {HANDED_OFF_WHY} = ANY(:reasons)"
        yield why, {"reasons": list(typed.reasons)}
    if typed.before is not None:
        yield "c.active_at < CAST(:before_day AS timestamptz)", {"before_day": f"{typed.before.isoformat()}T00:00Z"}
    if typed.assignees:
        yield _assignees(wanted)


def _labelled(name: str, label: str) -> Clause:
    having = f"SELECT l.conversation_id FROM conversation_label l WHERE l.project_id = :project AND l.label = :{name}"
    return f"c.id IN ({having})", {name: label}


def _assignees(wanted: Filter) -> Clause:
    """Nobody, the asker, or members whose name or address holds what was typed."""
    names = [one for one in wanted.search.assignees if one.lower() not in {"none", "me"}]
    asked = {one.lower() for one in wanted.search.assignees}
    choices: list[str] = []
    values: dict[str, Any] = {}
    if "none" in asked:
        choices.append("c.assignee_id IS NULL")
    if "me" in asked:
        choices.append("c.assignee_id = :who")
        values["who"] = wanted.who
    if names:
        choices.append(f"c.assignee_id IN ({NAMED})")
        values["assignees"] = [f"%{search.like(one)}%" for one in names]
    return f"({' OR '.join(choices)})", values


def _one_of(column: str, values: Sequence[str], known: Sequence[str]) -> str:
    assert set(values) <= set(known), values
    return f"{column} IN ({', '.join(repr(one) for one in dict.fromkeys(values))})"
