"""Which conversations a list shows, and in which order: its filter, as conditions in SQL.

Owns those conditions but for words and names, which listed_words.py looks for. Values of closed sets are
written out, so that partial indexes count also for prepared statements; everything else is a parameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from inbox.conversation import PRIORITIES, RESPONDER_STATES, STATUSES
from inbox.search import NOTHING, Search

Sort = Literal["newest", "waiting"]
SORTS: tuple[Sort, ...] = ("newest", "waiting")

# What needs a person: it was handed off, or nothing answers the visitor, whoever has it. Word for word the index's
# condition: tests/concurrency/test_counts.py::test_who_writes_again_needs_a_person
WANTED = "({0}.responder_state = 'handed_off' OR {0}.left_to_people)"
WAITS = f"({{0}}.status IN ('open', 'pending') AND {WANTED})"
# Since when, of one that waits. An earlier release kept no time of it.
WAITS_SINCE = "COALESCE({0}.waiting_since, {0}.active_at)"
NEWEST = "ORDER BY c.active_at DESC, c.id DESC"
LONGEST = f"ORDER BY {WAITS_SINCE.format('c')}, c.id"


def waits_since(row: Mapping[Any, Any]) -> Any:
    """The same of a conversation's row, of the database or of the change log; None where it does not wait.

    What selects it under this name has asked PostgreSQL: tests/integration/test_waits.py holds the two together.
    """
    if "waits_since" in row:
        return row["waits_since"]
    wanted = row["responder_state"] == "handed_off" or row.get("left_to_people")
    return (row.get("waiting_since") or row["active_at"]) if wanted and row["status"] in ("open", "pending") else None


@dataclass(frozen=True)
class Filter:
    """What a list shows. `assignee` is an agent's id or "none"; `before` is the place of the last row seen in the
    list's order: (active_at, id), or (since when it waits, id) among those that wait.

    `sort` is newest activity first, or who waits for a person, the longest first, and then the others; `waits` is the
    part of that order: those, or the others. `only` asks which of these conversations the list shows; `who` is whom
    `assignee:me` means, and `assigned` whom all that is typed behind `assignee:` does (assignees.py), nobody among them
    as None.
    """

    statuses: Sequence[str] = ()
    assignee: int | str | None = None
    responder_states: Sequence[str] = ()
    label: str | None = None
    search: Search = NOTHING
    mentioned: int | None = None
    thinking: bool = False
    parked: bool = False
    wanted: bool = False
    only: Sequence[int] | None = None
    who: int | None = None
    assigned: Sequence[int | None] | None = None
    before: tuple[str, int] | None = None
    sort: Sort = "newest"
    waits: bool | None = None
    limit: int = 50

    @property
    def order(self) -> str:
        """Of the conversations `c`, in SQL."""
        return LONGEST if self.waits else NEWEST

    def parts(self) -> Iterator[Filter]:
        """The lists that are this one, one behind the other, each in the order of an index."""
        if self.sort == "newest":
            yield self
            return
        if self.waits is not False:
            yield replace(self, waits=True)
        if not self.wanted:  # all of what needs a person waits
            yield replace(self, waits=False, before=self.before if self.waits is False else None)


@dataclass(frozen=True)
class Conditions:
    """SQL about a conversation `c`, and the values of its parameters: what some index has in the list's order, and what
    none has."""

    listed: str
    beside: str
    parameters: dict[str, Any]

    @property
    def sql(self) -> str:
        """All of it."""
        return f"{self.listed} AND {self.beside}" if self.beside else self.listed


ALL = "c.project_id = :project"


def conditions(project_id: int, wanted: Filter) -> Conditions:
    """All that must hold of a conversation `c` but the words that are looked for."""
    listed, beside = [*_of_list(wanted), *_of_search(wanted)], list(_beside(wanted))
    parameters: dict[str, Any] = {"project": project_id}
    for _, values in (*listed, *beside):
        parameters |= values
    return Conditions(_all((ALL, {}), *listed), _all(*beside), parameters)


Clause = tuple[str, dict[str, Any]]


def _all(*clauses: Clause) -> str:
    return " AND ".join(sql for sql, _ in clauses)


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
    if wanted.wanted:
        yield WANTED.format("c"), {}
    if wanted.mentioned is not None:
        yield f"c.id IN ({MENTIONED})", {"mentioned": wanted.mentioned}
    if wanted.thinking:
        yield f"c.id IN ({THINKING})", {}
    if wanted.parked:
        yield f"c.id IN ({PARKED})", {}
    if wanted.waits is not None:
        yield (WAITS if wanted.waits else f"NOT {WAITS}").format("c"), {}
    if wanted.before is not None:
        at, last = wanted.before
        behind = f"({WAITS_SINCE.format('c')}, c.id) >" if wanted.waits else "(c.active_at, c.id) <"
        yield f"{behind} (CAST(:before_at AS timestamptz), :before_id)", {"before_at": at, "before_id": last}


THINKING = """SELECT t.conversation_id FROM turn t
    WHERE t.project_id = :project AND t.status IN ('queued', 'thinking')"""
MENTIONED = "SELECT n.conversation_id FROM mention n WHERE n.project_id = :project AND n.agent_id = :mentioned"
PARKED = "SELECT d.conversation_id FROM draft d WHERE d.project_id = :project AND d.state = 'open'"
# In the timeline where an earlier release handed it off, and the conversation does not say it itself.
HANDED_OFF_WHY = """COALESCE(c.handed_off_reason, (SELECT e.data ->> 'reason' FROM timeline_event e
    WHERE e.conversation_id = c.id AND e.kind = 'handed_off' ORDER BY e.version DESC, e.id DESC LIMIT 1))"""


def _of_search(wanted: Filter) -> Iterator[Clause]:
    typed = wanted.search
    if typed.statuses:
        yield _one_of("c.status", typed.statuses, STATUSES), {}
    if typed.reasons:
        why = f"c.responder_state = 'handed_off' AND {HANDED_OFF_WHY} = ANY(:reasons)"
        yield why, {"reasons": list(typed.reasons)}
    if typed.before is not None:
        yield "c.active_at < CAST(:before_day AS timestamptz)", {"before_day": f"{typed.before.isoformat()}T00:00Z"}
    if wanted.assigned is not None and len(wanted.assigned) < 2:
        yield _assigned(wanted.assigned)


def _beside(wanted: Filter) -> Iterator[Clause]:
    if wanted.label is not None:
        yield _labelled("label", wanted.label)
    for place, label in enumerate(wanted.search.labels):
        yield _labelled(f"label_{place}", label)
    if wanted.search.priorities:
        yield _prioritised(wanted.search.priorities), {}
    if wanted.assigned is not None and len(wanted.assigned) > 1:
        yield _assigned(wanted.assigned)


def _prioritised(priorities: Sequence[str]) -> str:
    if "normal" in priorities:
        return _one_of("c.priority", priorities, PRIORITIES)
    having = _one_of("p.priority", priorities, PRIORITIES)
    return f"c.id IN (SELECT p.conversation_id FROM conversation_priority p WHERE p.project_id = :project AND {having})"


def _labelled(name: str, label: str) -> Clause:
    having = f"SELECT l.conversation_id FROM conversation_label l WHERE l.project_id = :project AND l.label = :{name}"
    return f"c.id IN ({having})", {name: label}


def _assigned(to: Sequence[int | None]) -> Clause:
    members = [one for one in to if one is not None]
    if not members:
        return ("c.assignee_id IS NULL" if to else "false"), {}
    if len(to) == 1:
        return "c.assignee_id = :assigned", {"assigned": members[0]}
    nobody = "c.assignee_id IS NULL OR " if None in to else ""
    return f"({nobody}c.assignee_id = ANY(:assigned))", {"assigned": members}


def _one_of(column: str, values: Sequence[str], known: Sequence[str]) -> str:
    assert set(values) <= set(known), values
    return f"{column} IN ({', '.join(repr(one) for one in dict.fromkeys(values))})"
