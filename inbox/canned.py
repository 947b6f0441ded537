"""Canned replies: what the team writes again and again, each under a short name, with variables filled as data.

Owns the statements for them and how they are filled. Must not send anything: an agent does, after reading it.
Every function is scoped by the asker's project: another project's canned reply is NotFound.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError

from inbox import guarded, representation
from inbox.access import Agent, require_manager
from inbox.audit import audit_cte
from inbox.conversation import LARGEST_ID
from inbox.errors import Invalid, NotFound
from inbox.guarded import Kept
from inbox.saying import later
from inbox.search import like

Row = Mapping[Any, Any]
VARIABLE = re.compile(r"\{\{\s*([^{}|]*?)\s*(?:\|([^{}]*))?\}\}")
NAMES = ("visitor.name", "visitor.email", "agent.name", "agent.email", "project.name", "conversation.id")
OPEN_ENDED = ("visitor.custom_attributes.", "conversation.custom_attributes.")
FOR_MANAGERS = later("Only managers change canned replies. Ask one of them.")
KEPT = Kept("canned_reply", "shortcut", {"shortcut": "text", "content": "text"}, representation.canned_reply)

LISTED = """
SELECT * FROM canned_reply WHERE project_id = :project AND id < :before {more} ORDER BY id DESC LIMIT :limit
"""
WORDS = "AND (shortcut || ' ' || content) ILIKE :words"
BY_NAME = text("SELECT * FROM canned_reply WHERE project_id = :project ORDER BY shortcut LIMIT :limit")
FIND = text("SELECT * FROM canned_reply WHERE id = :canned AND project_id = :project")
CREATE = text(
    f"""
WITH s AS (
    INSERT INTO canned_reply (project_id, shortcut, content, changed_by)
    VALUES (:project, :shortcut, :content, :who_name) ON CONFLICT (project_id, shortcut) DO NOTHING RETURNING *),
{audit_cte("s", "'canned_reply_created'", subject="shortcut")}
SELECT * FROM s
"""
)


def listed(
    connection: Connection, project_id: int, *, before: int | None = None, words: str | None = None, limit: int = 50
) -> list[Row]:
    """Canned replies that hold the words, newest first."""
    parameters: dict[str, Any] = {"project": project_id, "before": before or LARGEST_ID, "limit": limit}
    more = ""
    if words:
        more, parameters = WORDS, parameters | {"words": f"%{like(words)}%"}
    return list(connection.execute(text(LISTED.format(more=more)), parameters).mappings())


def by_name(connection: Connection, project_id: int, limit: int) -> list[Row]:
    """Canned replies in the order of their names."""
    return list(connection.execute(BY_NAME, {"project": project_id, "limit": limit}).mappings())


def find(connection: Connection, project_id: int, canned_id: int) -> Row:
    """One canned reply. Raises NotFound."""
    row = connection.execute(FIND, {"canned": canned_id, "project": project_id}).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def create(connection: Connection, who: Agent, shortcut: str, content: str) -> Row:
    """A new canned reply. Raises Forbidden unless they are a manager, Invalid for a name that is taken."""
    require_manager(who, FOR_MANAGERS)
    _check(content)
    parameters = {**who.asking, "shortcut": shortcut, "content": content}
    row = connection.execute(CREATE, parameters).mappings().one_or_none()
    if row is None:
        raise _taken(shortcut)
    return row


def edit(
    connection: Connection,
    who: Agent,
    canned_id: int,
    changes: Mapping[str, str],
    *,
    seen: Collection[int] | None = None,
) -> Row:
    """Set name, content or both; one version more, or none where nothing changes.

    `seen` are the versions that the asker saw: StaleVersion with the current `canned_reply` if it is none of them any
    more. Raises NotFound, Invalid for a name that is taken, and Forbidden unless they are a manager.
    """
    require_manager(who, FOR_MANAGERS)
    if "content" in changes:
        _check(changes["content"])
    try:
        return guarded.edit(connection, who, KEPT, canned_id, changes, seen=seen)
    except IntegrityError as error:
        raise _taken(changes.get("shortcut", "")) from error


def delete(connection: Connection, who: Agent, canned_id: int, *, seen: Collection[int] | None = None) -> None:
    """Forget it; what was sent with it stays. Raises as `edit` does."""
    require_manager(who, FOR_MANAGERS)
    guarded.delete(connection, who, KEPT, canned_id, seen=seen)


def filled(content: str, who: Agent, conversation: Row, project_name: str) -> str:
    """The content with each variable's value, its default where there is none, and nothing where both are missing.

    A value is data: what it contains is never expanded again.
    """
    visitor = conversation["visitor"]
    known = {
        "visitor.name": visitor["name"],
        "visitor.email": visitor["email"],
        "agent.name": who.name,
        "agent.email": who.email,
        "project.name": project_name,
        "conversation.id": conversation["id"],
        **_attributes(OPEN_ENDED[0], visitor["custom_attributes"]),
        **_attributes(OPEN_ENDED[1], conversation["custom_attributes"]),
    }

    def value(match: re.Match[str]) -> str:
        found = known.get(match.group(1))
        return str(found) if found not in (None, "") else (match.group(2) or "").strip()

    return VARIABLE.sub(value, content)


def unknown_names(content: str) -> Iterator[str]:
    """The variables that nobody will ever fill."""
    for match in VARIABLE.finditer(content):
        name = match.group(1)
        if name not in NAMES and not any(name.startswith(one) and len(name) > len(one) for one in OPEN_ENDED):
            yield name


def _attributes(prefix: str, given: Any) -> dict[str, Any]:
    attributes = given if isinstance(given, Mapping) else {}
    return {prefix + str(name): value for name, value in attributes.items()}


def _check(content: str) -> None:
    unknown = next(unknown_names(content), None)
    if unknown is not None:
        words = f"names {unknown[:80]!r}, which is no variable"
        raise Invalid(f"Not valid: the content {words}.", fields={"content": words})


def _taken(shortcut: str) -> Invalid:
    return Invalid(
        "There is a canned reply /%(shortcut)s already.",
        filled={"shortcut": shortcut},
        fields={"shortcut": "is taken"},
    )
