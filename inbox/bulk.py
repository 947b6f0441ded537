"""What an agent does with many conversations at once, and how that is undone.

Owns both statements. One statement for all: each conversation gets its own version, epoch and timeline entries, as if
it had been changed alone, and all of them count together. The rows are locked in the order of their ids, so that two
such acts over the same conversations never wait in a ring: tests/concurrency/test_bulk.py.

Undoing restores column by column, and only what still is as the act left it, with no word in the timeline since: what
a colleague, a visitor's message or the responder changed meanwhile stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, TextClause, text

from inbox.access import Agent
from inbox.act_parts import CHANGES, SETTABLE, written
from inbox.acts import members_only
from inbox.change import change_cte
from inbox.conversation import MOST_LABELS
from inbox.errors import NotFound

MOST_CONVERSATIONS = 200
UNDO_SECONDS = 300  # the page offers it for ten; who is slow to answer a dialog still finds it

LABELS = f"""(ARRAY(
    SELECT label FROM unnest(old.labels) WITH ORDINALITY AS had (label, place)
    WHERE label <> ALL (CAST(:remove_labels AS text[])) ORDER BY place) || ARRAY(
    SELECT label FROM unnest(CAST(:add_labels AS text[])) WITH ORDINALITY AS given (label, place)
    WHERE label <> ALL (old.labels) ORDER BY place))[1:{MOST_LABELS}]"""
SNAPSHOT = """jsonb_build_object(
        'status', {0}.status, 'snoozed_until', {0}.snoozed_until, 'assignee_id', {0}.assignee_id,
        'assigned_at', {0}.assigned_at, 'priority', {0}.priority, 'labels', {0}.labels,
        'responder_state', {0}.responder_state)"""


@dataclass(frozen=True)
class Left:
    """A conversation that was left as it is, because somebody acted in it after the asker had looked."""

    id: int
    by: str | None


@dataclass(frozen=True)
class Done:
    """What an act did: `id` is what undoes it, None where nothing was changed."""

    id: int | None
    changed: tuple[int, ...]
    unchanged: tuple[int, ...]
    left: tuple[Left, ...]


@cache
def _apply(columns: frozenset[str]) -> TextClause:
    values = {name: LABELS if name == "labels" else SETTABLE[name] for name in SETTABLE if name in columns}
    sets, where = written(values)
    return text(
        f"""
WITH asked AS (
    SELECT a.id, a.epoch FROM unnest(CAST(:ids AS bigint[]), CAST(:epochs AS bigint[])) AS a (id, epoch)),
old AS (
    SELECT conversation.*, asked.epoch AS seen FROM conversation JOIN asked ON asked.id = conversation.id
    WHERE conversation.project_id = :project ORDER BY conversation.id FOR NO KEY UPDATE OF conversation),
whole AS (SELECT count(*) = :asked AS whole FROM old),
c AS (
    UPDATE conversation SET version = old.version + 1, epoch = old.epoch + 1{sets}
    FROM old, whole
    WHERE conversation.id = old.id AND whole.whole AND (old.seen IS NULL OR old.seen = old.epoch) AND ({where})
    RETURNING conversation.*),
{CHANGES},
{change_cte(entries=("e",), several=True)},
act AS (
    INSERT INTO bulk_act (project_id, agent_id, items)
    SELECT :project, :who, jsonb_agg(jsonb_build_object('id', c.id, 'version', c.version,
        'before', {SNAPSHOT.format("old")}, 'after', {SNAPSHOT.format("c")}))
    FROM c JOIN old ON old.id = c.id HAVING count(*) > 0 RETURNING id)
SELECT old.id, whole.whole, EXISTS (SELECT 1 FROM c WHERE c.id = old.id) AS written,
    old.seen <> old.epoch AS left_alone, (SELECT id FROM act) AS act,
    CASE WHEN old.seen <> old.epoch THEN (
        SELECT t.actor_name FROM timeline_event t WHERE t.conversation_id = old.id AND t.actor_type = 'agent'
        ORDER BY t.version DESC, t.id DESC LIMIT 1) END AS left_by
FROM old, whole ORDER BY old.id"""
    )


def _untouched(*kinds: str) -> str:
    listed = ", ".join(f"'{kind}'" for kind in kinds)
    return f"""NOT EXISTS (SELECT 1 FROM timeline_event t WHERE t.conversation_id = old.id
            AND t.version > old.done_version AND t.kind IN ({listed}))"""


UNDO = text(
    f"""
WITH act AS (
    UPDATE bulk_act SET undone_at = clock_timestamp()
    WHERE id = :act AND project_id = :project AND agent_id = :who AND undone_at IS NULL
        AND created_at > clock_timestamp() - make_interval(secs => {UNDO_SECONDS})
    RETURNING items),
item AS (
    SELECT i.* FROM act, jsonb_to_recordset(act.items) AS i (id bigint, version bigint, before jsonb, after jsonb)),
old AS (
    SELECT conversation.*, item.version AS done_version, item.before, item.after
    FROM conversation JOIN item ON item.id = conversation.id
    WHERE conversation.project_id = :project ORDER BY conversation.id FOR NO KEY UPDATE OF conversation),
back AS (
    SELECT old.id, old.before,
        to_jsonb(old.status) = after -> 'status'
            AND old.snoozed_until IS NOT DISTINCT FROM CAST(after ->> 'snoozed_until' AS timestamptz)
            AND (before -> 'status', before -> 'snoozed_until') <> (after -> 'status', after -> 'snoozed_until')
            AND {_untouched("status", "reopened")} AS status,
        old.assignee_id IS NOT DISTINCT FROM CAST(after ->> 'assignee_id' AS bigint)
            AND before -> 'assignee_id' <> after -> 'assignee_id'
            AND {_untouched("assigned", "unassigned")}
            AND (before ->> 'assignee_id' IS NULL OR EXISTS (
                SELECT 1 FROM membership m WHERE m.project_id = old.project_id
                    AND m.agent_id = CAST(before ->> 'assignee_id' AS bigint))) AS assignee,
        to_jsonb(old.priority) = after -> 'priority' AND before -> 'priority' <> after -> 'priority'
            AND {_untouched("priority")} AS priority,
        to_jsonb(old.responder_state) = after -> 'responder_state'
            AND before -> 'responder_state' <> after -> 'responder_state'
            AND {_untouched("taken_over", "given_back", "handed_off")} AS responder,
        -- The labels that the act added go, those that it removed come back, and everybody else's stay.
        ARRAY(SELECT label FROM unnest(old.labels) WITH ORDINALITY AS had (label, place)
            WHERE before -> 'labels' ? label OR NOT after -> 'labels' ? label ORDER BY place)
        || ARRAY(SELECT label FROM jsonb_array_elements_text(before -> 'labels') AS label
            WHERE NOT after -> 'labels' ? label AND label <> ALL (old.labels)) AS labels
    FROM old),
c AS (
    UPDATE conversation SET version = old.version + 1, epoch = old.epoch + 1,
        status = CASE WHEN back.status THEN back.before ->> 'status' ELSE old.status END,
        snoozed_until = CASE WHEN back.status THEN CAST(back.before ->> 'snoozed_until' AS timestamptz)
            ELSE old.snoozed_until END,
        assignee_id = CASE WHEN back.assignee THEN CAST(back.before ->> 'assignee_id' AS bigint)
            ELSE old.assignee_id END,
        assigned_at = CASE WHEN back.assignee THEN CAST(back.before ->> 'assigned_at' AS timestamptz)
            ELSE old.assigned_at END,
        priority = CASE WHEN back.priority THEN back.before ->> 'priority' ELSE old.priority END,
        responder_state = CASE WHEN back.responder THEN back.before ->> 'responder_state' ELSE old.responder_state END,
        labels = back.labels
    FROM old JOIN back ON back.id = old.id
    WHERE conversation.id = old.id AND (
        back.status OR back.assignee OR back.priority OR back.responder OR back.labels <> old.labels)
    RETURNING conversation.*),
{CHANGES},
{change_cte(entries=("e",), several=True)}
SELECT old.id, EXISTS (SELECT 1 FROM c WHERE c.id = old.id) AS written FROM old ORDER BY old.id"""
)


def apply(
    connection: Connection,
    who: Agent,
    ids: Sequence[int],
    changes: Mapping[str, Any],
    *,
    epochs: Mapping[int, int] | None = None,
) -> Done:
    """Set the given columns in all of these conversations; `add_labels` and `remove_labels` change labels.

    `epochs` says which epoch of a conversation the asker saw: one in which a person acted since is left as it is.
    Raises NotFound, and changes nothing, where one of them is not the project's; Invalid for a foreign assignee.
    """
    wanted, seen = list(dict.fromkeys(ids)), epochs or {}
    labels = {name: list(changes.get(name, ())) for name in ("add_labels", "remove_labels")}
    columns = frozenset(SETTABLE) & set(changes) | ({"labels"} if any(labels.values()) else frozenset())
    asked = {"ids": wanted, "epochs": [seen.get(one) for one in wanted], "asked": len(wanted)}
    rows = _rows(connection, _apply(columns), who, {**asked, **labels, **changes})
    if not rows or not rows[0]["whole"]:
        raise NotFound("One of these conversations is not here. Nothing was changed.")
    return Done(
        id=rows[0]["act"],
        changed=tuple(row["id"] for row in rows if row["written"]),
        unchanged=tuple(row["id"] for row in rows if not row["written"] and not row["left_alone"]),
        left=tuple(Left(row["id"], row["left_by"]) for row in rows if row["left_alone"]),
    )


def undo(connection: Connection, who: Agent, act_id: int) -> Done:
    """Restore what the asker's act changed and nobody has changed since. NotFound where there is nothing to undo."""
    rows = _rows(connection, UNDO, who, {"act": act_id})
    if not rows:
        raise NotFound("There is nothing to undo: it was undone already, or it is too long ago.")
    changed = tuple(row["id"] for row in rows if row["written"])
    return Done(None, changed, tuple(row["id"] for row in rows if not row["written"]), ())


def _rows(
    connection: Connection, statement: TextClause, who: Agent, more: Mapping[str, Any]
) -> Sequence[Mapping[Any, Any]]:
    with members_only():
        return connection.execute(statement, {**who.asking, **more}).mappings().all()
