"""What a turn may merge into a conversation's workflowState. Pure.

Owns the three-way comparison of workflow positions. Must not write: the landing merges the result in SQL,
key by key, on the locked row, so that no other key of metadata is ever touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from jobs.values import Act
from responder.outcome import Position


def workflow_patch(
    base: Mapping[str, Any] | None, fresh: Any, acts: Iterable[Act], wanted: Position | None
) -> Mapping[str, Any] | None:
    """The keys to merge into metadata.workflowState, or None to leave it as it is.

    `base` is the state that the turn last read or wrote, `fresh` the one re-fetched now. Where they differ,
    or where a person moved the workflow and back again, the person's position stands.
    """
    if wanted is None or moved_by_person(base, fresh, acts):
        return None
    return wanted.as_json()


def moved_by_person(base: Mapping[str, Any] | None, fresh: Any, acts: Iterable[Act]) -> bool:
    """Whether somebody else changed the position since the turn last saw it."""
    if any(act.kind == "workflow_moved" for act in acts):
        return True
    return as_state(fresh) != as_state(base)


def stands_already(fresh: Any, acts: Iterable[Act], wanted: Position) -> bool:
    """Whether the wanted position is there and no person put it there: our own write, the answer to which was lost.

    Else a turn would take its own step for a person's, and leave the workflow behind its reply:
    tests/concurrency/test_unknown_commit.py.
    """
    if any(act.kind == "workflow_moved" for act in acts):
        return False
    return wanted.as_json().items() <= as_state(fresh).items()


def as_state(value: Any) -> Mapping[str, Any]:
    """A workflowState as a mapping; null, a missing one and anything that is no object count as {}."""
    return value if isinstance(value, Mapping) else {}
