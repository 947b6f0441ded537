"""The search for snippets that a reply may be grounded on.

Owns the query. Must not rank by anything but the words: PostgreSQL's full text, then trigrams for what it misses.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from inbox.database import fetch_all
from responder.snapshot import Snippet

FOUND = 6  # more crowd the prompt and change no answer

# A customer's sentence holds many words that no snippet has, so any of its words may match; rank does the rest.
SEARCH = text(
    """
WITH asked AS (
    SELECT to_tsquery('simple', string_agg(quote_literal(lexeme), ' | ')) AS words
    FROM unnest(tsvector_to_array(to_tsvector('english', :query))) AS lexeme)
SELECT id, title, content FROM snippet, asked
WHERE project_id = :project AND search @@ words
ORDER BY ts_rank_cd(search, words, 1) DESC, id LIMIT :limit
"""
)

# For words that no snippet has, such as misspelt ones. Words that say nothing (the, of) are near to everything.
NEAREST = text(
    """
SELECT id, title, content FROM near_snippets(:project, :query, :limit) WHERE to_tsvector('english', :query) <> ''
"""
)


def search(connection: Connection, project_id: int, query: str) -> tuple[Snippet, ...]:
    """The project's snippets that fit the query best, at most FOUND of them."""
    parameters = {"project": project_id, "query": query[:1000], "limit": FOUND}
    rows = fetch_all(connection, SEARCH.text, parameters) or fetch_all(connection, NEAREST.text, parameters)
    return tuple(Snippet(**row) for row in rows)
