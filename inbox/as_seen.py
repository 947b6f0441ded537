"""Acts of a person who looks at a page: they yield to what a colleague did to the same thing since it was shown.

Owns that judgement. Must not write by itself: inbox/acts.py and inbox/bulk.py do, guarded by what was judged.
A turn that landed meanwhile, a message, a change of something else are no reason to refuse a click.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Row, text

from inbox import acts, bulk, timeline
from inbox.access import Agent
from inbox.act_parts import BUSY, MOST_TRIES
from inbox.acts import Written
from inbox.conversation import MOST_LABELS
from inbox.errors import Invalid, NotFound, StaleVersion, Unavailable

KINDS = {
    "status": ("status",),
    "snoozed_until": ("status",),
    "assignee_id": ("assigned", "unassigned"),
    "priority": ("priority",),
    "custom_attributes": ("custom_attributes",),
}
# What a colleague did to it. A change of attributes is one only if it changed the same attribute.
TOUCHED = text(
    """
SELECT * FROM timeline_event
WHERE conversation_id = :conversation AND project_id = :project AND version > :seen AND kind = ANY(:kinds)
    AND actor_type = 'agent' AND actor_id IS DISTINCT FROM :who
    AND (kind <> 'custom_attributes' OR data -> 'changed' ?| CAST(:names AS text[]))
ORDER BY version DESC, id DESC LIMIT 1
"""
)
WROTE_SINCE = text(
    "SELECT EXISTS (SELECT 1 FROM message WHERE conversation_id = :conversation AND author = 'visitor' AND id > :seen)"
)
STANDS = text("SELECT version, epoch, labels FROM conversation WHERE id = :conversation AND project_id = :project")


def patch(
    connection: Connection, who: Agent, conversation_id: int, changes: Mapping[str, Any], *, seen: int | None
) -> Written:
    """Set the columns unless a colleague set one of them after the version `seen`; with None in any case.

    Raises StaleVersion with who it was (`by`) and when (`at`): tests/integration/test_talking.py.
    """
    if seen is None:
        return acts.patch(connection, who, conversation_id, changes)
    version = seen
    for _ in range(MOST_TRIES):
        try:
            return acts.patch(connection, who, conversation_id, changes, seen=[version])
        except StaleVersion as stale:
            _yield(connection, who, conversation_id, changes, seen)
            version = stale.extra["conversation"]["version"]
    raise Unavailable(BUSY)


def patch_undoably(
    connection: Connection, who: Agent, conversation_id: int, changes: Mapping[str, Any], *, seen: int | None
) -> int | None:
    """As `patch`; the answer is what `bulk.undo` takes it back by, None where nothing changed.

    Guarded by the epoch that was judged, so that a colleague who is faster is not written over.
    """
    for _ in range(MOST_TRIES):
        stands = _stands(connection, who, conversation_id)
        if seen is not None and stands.version != seen:
            _yield(connection, who, conversation_id, changes, seen)
        done = bulk.apply(connection, who, [conversation_id], changes, epochs={conversation_id: stands.epoch})
        if not done.left:
            return done.id
    raise Unavailable(BUSY)


def solve_answered(connection: Connection, who: Agent, conversation_id: int, *, seen: int) -> int | None:
    """Solve what has just been answered, in the answer's transaction: it holds the row, so nobody comes in between.

    The answer is what undoes it; None where the visitor has written after the message `seen`: they wait for more.
    """
    parameters = {"conversation": conversation_id, "seen": seen}
    if connection.execute(WROTE_SINCE, parameters).scalar_one():
        return None
    return bulk.apply(connection, who, [conversation_id], {"status": "solved"}).id


def label(connection: Connection, who: Agent, conversation_id: int, *, add: str = "", remove: str = "") -> Written:
    """Put one label on, or take one off. Labels that others change at the same time stay as they set them."""

    def changed(labels: Collection[str]) -> list[str]:
        kept = [one for one in labels if one != remove]
        return [*kept, add] if add and add not in kept else kept

    return relabel(connection, who, conversation_id, changed)


def relabel(
    connection: Connection, who: Agent, conversation_id: int, changed: Callable[[Collection[str]], list[str]]
) -> Written:
    """Set the labels to what `changed` makes of those that stand; asked again where somebody was faster."""
    for _ in range(MOST_TRIES):
        stands = _stands(connection, who, conversation_id)
        labels = changed(stands.labels)
        if len(labels) > MOST_LABELS:
            most = {"most": MOST_LABELS}
            raise Invalid("A conversation has at most %(most)s labels.", filled=most, fields={"labels": "are too many"})
        try:
            return acts.patch(connection, who, conversation_id, {"labels": labels}, seen=[stands.version])
        except StaleVersion:
            continue
    raise Unavailable(BUSY)


def _stands(connection: Connection, who: Agent, conversation_id: int) -> Row[Any]:
    stands = connection.execute(STANDS, {"conversation": conversation_id, "project": who.project_id}).one_or_none()
    if stands is None:
        raise NotFound
    return stands


def _yield(connection: Connection, who: Agent, conversation_id: int, changes: Mapping[str, Any], seen: int) -> None:
    """Raise StaleVersion if a colleague touched what is to be changed."""
    kinds = sorted({kind for name in changes for kind in KINDS.get(name, ())})
    parameters = {
        "conversation": conversation_id,
        "project": who.project_id,
        "who": who.id,
        "seen": seen,
        "kinds": kinds,
        "names": list(changes.get("custom_attributes") or ()),
    }
    entry = connection.execute(TOUCHED, parameters).mappings().one_or_none()
    if entry is not None:
        by = entry["actor_name"] or "A colleague"
        what = {"what": timeline.sentence(dict(entry))}
        raise StaleVersion("%(what)s. Your click changed nothing.", filled=what, by=by, at=entry["at"])
