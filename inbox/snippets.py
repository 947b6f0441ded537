"""The team's knowledge: what a snippet says, who changed it last, and which replies rest on it.

Owns the statements for snippets. Must not search for an answer: that is the responder's (jobs/knowledge.py).
Every function is scoped by the asker's project: another project's snippet is NotFound.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, text

from inbox import guarded, representation
from inbox.access import Agent, require_manager
from inbox.audit import audit_cte
from inbox.conversation import LARGEST_ID
from inbox.errors import NotFound
from inbox.guarded import Kept
from inbox.importing import Section
from inbox.saying import later
from inbox.search import like

Row = Mapping[Any, Any]
COUNTED = 100  # uses beyond which a list says "more than"
FOR_MANAGERS = later("Only managers change snippets. Ask one of them.")
KEPT = Kept("snippet", "title", {"title": "text", "content": "text"}, representation.snippet)

LISTED = """
SELECT s.*, used.times FROM snippet s, LATERAL (
    SELECT count(*) AS times FROM (
        SELECT FROM message m WHERE m.project_id = s.project_id
            AND m.author = 'responder'
            AND m.details -> 'citations' @> jsonb_build_array(jsonb_build_object('snippet_id', s.id))
        LIMIT :counted) AS cited) AS used
WHERE s.project_id = :project AND s.id < :before {more} ORDER BY s.id DESC LIMIT :limit
"""
WORDS = "AND (s.title || ' ' || s.content) ILIKE :words"
FIND = text("SELECT * FROM snippet WHERE id = :snippet AND project_id = :project")
CREATE = text(
    f"""
WITH s AS (
    INSERT INTO snippet (project_id, title, content, changed_by)
    VALUES (:project, :title, :content, :who_name) RETURNING *),
{audit_cte("s", "'snippet_created'", subject="title")}
SELECT * FROM s
"""
)
USES = text(
    """
SELECT m.*, to_jsonb(v) AS visitor
FROM (
    SELECT id, conversation_id, content, created_at FROM message
    WHERE project_id = :project AND author = 'responder' AND id < :before
        AND details -> 'citations' @> jsonb_build_array(jsonb_build_object('snippet_id', CAST(:snippet AS bigint)))
    ORDER BY id DESC LIMIT :limit) AS m
JOIN conversation c ON c.id = m.conversation_id JOIN visitor v ON v.id = c.visitor_id
ORDER BY m.id DESC
"""
)


def listed(
    connection: Connection, project_id: int, *, before: int | None = None, words: str | None = None, limit: int = 50
) -> list[Row]:
    """Snippets that hold the words, newest first, each with how many replies cite it (`times`, at most COUNTED)."""
    parameters: dict[str, Any] = {
        "project": project_id,
        "before": before or LARGEST_ID,
        "limit": limit,
        "counted": COUNTED,
    }
    more = ""
    if words:
        more, parameters = WORDS, parameters | {"words": f"%{like(words)}%"}
    return list(connection.execute(text(LISTED.format(more=more)), parameters).mappings())


def find(connection: Connection, project_id: int, snippet_id: int) -> Row:
    """One snippet. Raises NotFound."""
    row = connection.execute(FIND, {"snippet": snippet_id, "project": project_id}).mappings().one_or_none()
    if row is None:
        raise NotFound
    return row


def create(connection: Connection, who: Agent, title: str, content: str) -> Row:
    """A new snippet, known to the next turn. Raises Forbidden unless they are a manager."""
    require_manager(who, FOR_MANAGERS)
    return connection.execute(CREATE, {**who.asking, "title": title, "content": content}).mappings().one()


def edit(
    connection: Connection,
    who: Agent,
    snippet_id: int,
    changes: Mapping[str, str],
    *,
    seen: Collection[int] | None = None,
) -> Row:
    """Set title, content or both; one version more, or none where nothing changes.

    `seen` are the versions that the asker saw: StaleVersion with the current `snippet` if it is none of them any more.
    Raises NotFound, and Forbidden unless they are a manager.
    """
    require_manager(who, FOR_MANAGERS)
    return guarded.edit(connection, who, KEPT, snippet_id, changes, seen=seen)


def delete(connection: Connection, who: Agent, snippet_id: int, *, seen: Collection[int] | None = None) -> None:
    """Forget a snippet; replies that cited it keep its title. Raises as `edit` does."""
    require_manager(who, FOR_MANAGERS)
    guarded.delete(connection, who, KEPT, snippet_id, seen=seen)


def uses(
    connection: Connection, project_id: int, snippet_id: int, *, before: int | None = None, limit: int = 50
) -> list[Row]:
    """The replies that cite the snippet, newest first, each with its conversation's visitor."""
    parameters = {"project": project_id, "snippet": snippet_id, "before": before or LARGEST_ID, "limit": limit}
    return list(connection.execute(USES, parameters).mappings())


@dataclass(frozen=True)
class Planned:
    """What an import does with one section of the file; `id` and `version` are those of the snippet it changes."""

    section: Section
    what: Literal["new", "changed", "same", "unclear"]
    id: int | None = None
    version: int | None = None


KNOWN = text(
    """
SELECT given.place, min(s.id) AS id, min(s.version) AS version, count(*) AS times, min(s.title) AS title,
    min(s.content) AS content
FROM unnest(CAST(:titles AS text[])) WITH ORDINALITY AS given (title, place)
JOIN snippet s ON s.project_id = :project AND lower(s.title) = lower(given.title)
GROUP BY given.place
"""
)
BRING_IN = text(
    f"""
WITH given AS (
    SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:versions AS bigint[]), CAST(:titles AS text[]),
        CAST(:contents AS text[])) AS given (id, version, title, content)),
changed AS (
    UPDATE snippet SET title = given.title, content = given.content, version = snippet.version + 1,
        changed_by = :who_name, updated_at = clock_timestamp()
    FROM given
    WHERE snippet.id = given.id AND snippet.project_id = :project AND snippet.version = given.version
    RETURNING 1),
made AS (
    INSERT INTO snippet (project_id, title, content, changed_by)
    SELECT :project, given.title, given.content, :who_name FROM given WHERE given.id IS NULL
    RETURNING 1),
{
        audit_cte(
            "(SELECT (SELECT count(*) FROM made) AS made, (SELECT count(*) FROM changed) AS changed) AS done "
            "WHERE done.made + done.changed > 0",
            "'snippets_imported'",
            data="jsonb_build_object('new', done.made, 'changed', done.changed)",
        )
    }
SELECT (SELECT count(*) FROM made) AS made, (SELECT count(*) FROM changed) AS changed
"""
)
# Two imports of one project take turns, so that a title that both bring is made once.
IMPORT_LOCK = text("SELECT pg_advisory_xact_lock(7265647, hashint8(:project))")


def plan(connection: Connection, project_id: int, sections: Sequence[Section]) -> list[Planned]:
    """What an import of these sections would do: a title that exists (whatever its case) is changed, others are new.

    A title that several snippets have is unclear and is left out.
    """
    parameters = {"project": project_id, "titles": [section.title for section in sections]}
    known = {row.place: row for row in connection.execute(KNOWN, parameters)}
    return [_planned(section, known.get(place)) for place, section in enumerate(sections, 1)]


def bring_in(connection: Connection, who: Agent, planned: Sequence[Planned]) -> tuple[int, int]:
    """Carry out a plan; (made, changed). A snippet that was edited since the plan was made is left as it is.

    Must run in the transaction in which the plan was made, after `import_alone`.
    """
    require_manager(who, FOR_MANAGERS)
    wanted = [one for one in planned if one.what in {"new", "changed"}]
    parameters = {
        **who.asking,
        "ids": [one.id for one in wanted],
        "versions": [one.version for one in wanted],
        "titles": [one.section.title for one in wanted],
        "contents": [one.section.content for one in wanted],
    }
    row = connection.execute(BRING_IN, parameters).one()
    return row.made, row.changed


def import_alone(connection: Connection, project_id: int) -> None:
    """Wait until no other import of the project runs; until the transaction's end none starts."""
    connection.execute(IMPORT_LOCK, {"project": project_id})


def _planned(section: Section, known: Any) -> Planned:
    if known is None:
        return Planned(section, "new")
    if known.times > 1:
        return Planned(section, "unclear")
    same = (known.title, known.content) == (section.title, section.content)
    return Planned(section, "same" if same else "changed", known.id, known.version)
