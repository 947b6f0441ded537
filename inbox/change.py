"""How a write is recorded for the event streams: the SQL that puts a commit's rows into the change log.

Owns the fragment that every writing statement ends with. Must not decide what is written.
The change row is part of the statement that it reports, so an event can neither precede its commit nor
outlive a rollback (I7): tests/integration/test_services.py.
"""

from __future__ import annotations


def _rows(ctes: tuple[str, ...], of: str = "") -> str:
    if not ctes:
        return "'[]'::jsonb"
    whose = f" WHERE {{0}}.conversation_id = {of}.id" if of else ""
    # Rows as they are: jsonb_build_object writes them straight into its object, where one made before would be copied.
    union = " UNION ALL ".join(f"SELECT {cte} FROM {cte}{whose.format(cte)}" for cte in ctes)
    return f"ARRAY({union})"


def change_cte(
    *,
    conversation: str = "c",
    messages: tuple[str, ...] = (),
    turns: tuple[str, ...] = (),
    drafts: tuple[str, ...] = (),
    entries: tuple[str, ...] = (),
    removed: tuple[str, ...] = (),
    edited: tuple[str, ...] = (),
    conversation_changed: bool = True,
    several: bool = False,
) -> str:
    """A CTE named `changed` that logs the rows of the named CTEs, one change row for each row of `conversation`.

    `conversation` names a CTE with whole conversation rows as they are after the write. The row is inserted
    from it, so the change's id is drawn while the conversation's row lock is held: within a conversation,
    ids rise in commit order. With `several` conversations each gets what is its own.
    `removed` are messages that have lost their words, `edited` notes that have other ones.
    """
    of = conversation if several else ""
    told = {"messages": messages, "turns": turns, "drafts": drafts, "entries": entries}
    seldom = {name: ctes for name, ctes in (("removed", removed), ("edited", edited)) if ctes}
    rows = "".join(f",\n        '{name}', {_rows(ctes, of)}" for name, ctes in (told | seldom).items())
    return f"""changed AS (
    INSERT INTO change (project_id, conversation_id, version, body)
    SELECT {conversation}.project_id, {conversation}.id, {conversation}.version, jsonb_build_object(
        'conversation', {conversation if conversation_changed else "NULL::jsonb"}{rows})
    FROM {conversation})"""
