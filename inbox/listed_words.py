"""Which conversations a list shows that is searched: those that hold words, in a message, a note or a visitor's name.

Owns the page of a list as a query: without words, along the list with words looked for in each row, and from the words
(search_ways.py says which). Along the list it is exact; from the words it looks at the newest matches only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection

from inbox import assignees, search, search_ways
from inbox.database import fetch_all
from inbox.listed import ALL, Conditions, Filter, conditions
from inbox.search_ways import Way

MOST_MATCHES = 200  # messages, and visitors, that a search from the words looks at: beyond it nobody pages
MOST_WEIGHED = 6  # words whose number the statistics are asked for
MOST_WALKED = 5_000  # conversations along the list; where the statistics were wrong, the words' index has the rest
VISITOR_WORDS = "(COALESCE(v.name, '') || ' ' || COALESCE(v.email, ''))"  # as its index has it
WORDS = "s.search @@ to_tsquery('simple', :words)"


@dataclass(frozen=True)
class Page:
    """A query for the conversations `c` of a page, in its order, and whether one plan serves all its values."""

    sql: str
    parameters: dict[str, Any]
    prepare: bool = True


def pages(connection: Connection, project_id: int, wanted: Filter) -> Iterator[Page]:
    """The queries to ask, one after the other until one fills the page; the last one's answer counts."""
    wanted = assignees.looked_up(connection, project_id, wanted)
    rest = conditions(project_id, wanted)
    if (wanted.search.terms or wanted.search.senders) and wanted.assigned != ():
        yield from _searched(connection, project_id, wanted, rest)
    elif rest.beside and wanted.only is None:
        yield from _narrowed(connection, wanted, rest)
    else:
        yield Page(_listed(rest.sql, wanted), rest.parameters)


def _listed(sql: str, wanted: Filter, most: int | None = None) -> str:
    return f"SELECT c.* FROM conversation c WHERE {sql} {wanted.order} LIMIT {int(most or wanted.limit)}"


def _narrowed(connection: Connection, wanted: Filter, rest: Conditions) -> Iterator[Page]:
    """By what no index has in the list's order: along the list where many have it, and else all that have it."""
    asked = {"rest": _rest(rest.sql), "listed": _rest(rest.listed)}
    size = search_ways.sizes(connection, [], asked, rest.parameters)
    if search_ways.choose_listed(size, wanted.limit).walks:
        yield Page(_along(rest.listed, rest.beside, wanted), rest.parameters, prepare=False)
        if _walked_all(connection, rest.listed, rest.parameters):
            return
    yield Page(_of_all(rest.sql, "true", wanted), rest.parameters, prepare=False)


def _of_all(sql: str, holding: str, wanted: Filter) -> str:
    """Fenced, so that the order is out of the plan: else it may go along all of the list for what is not there."""
    return f"""WITH found AS MATERIALIZED (SELECT c.* FROM conversation c WHERE {sql})
        SELECT c.* FROM found c WHERE {holding} {wanted.order} LIMIT {int(wanted.limit)}"""


def _searched(connection: Connection, project_id: int, wanted: Filter, rest: Conditions) -> Iterator[Page]:
    looked = _Looked.of(wanted)
    parameters = {**rest.parameters, **looked.parameters}
    asked = {**looked.visitors, "rest": _rest(rest.sql)}
    size = search_ways.sizes(connection, looked.each_word, asked, parameters | looked.parts)
    way = search_ways.choose(size, wanted.limit, MOST_MATCHES)
    parameters |= looked.asked(way)
    if way.by_sender:
        theirs = f"{rest.sql} AND {looked.sent}"
        yield Page(_of_all(theirs, looked.said(way), wanted), parameters, prepare=False)
        return
    if way.walks:
        yield Page(_along(rest.sql, looked.in_a_row(way), wanted), parameters, prepare=False)
        if _walked_all(connection, rest.sql, rest.parameters):
            return
    found = f"{rest.sql} AND {looked.from_the_words(rest, way)}"
    yield Page(_listed(found, wanted), parameters, prepare=False)


def _rest(sql: str) -> str:
    return f"SELECT FROM conversation c WHERE {sql}"


def _along(sql: str, holding: str, wanted: Filter) -> str:
    walked = _listed(sql, wanted, MOST_WALKED)
    return f"SELECT c.* FROM ({walked}) c WHERE {holding} {wanted.order} LIMIT {int(wanted.limit)}"


def _walked_all(connection: Connection, sql: str, parameters: dict[str, Any]) -> bool:
    """Whether the list ends before a walk along it does."""
    statement = f"SELECT count(*) AS many FROM ({_rest(sql)} LIMIT {MOST_WALKED}) AS walked"
    (row,) = fetch_all(connection, statement, parameters, prepare=False)
    return int(row["many"]) < MOST_WALKED


@dataclass(frozen=True)
class _Looked:
    """The words and names that are looked for, as SQL."""

    terms: bool
    exact: bool
    named: str | None  # a visitor `v` whose name or address holds all terms
    sender: str | None  # one that `from:` means
    words: tuple[str, ...]
    parts: dict[str, Any]  # some of them, each as a query
    parameters: dict[str, Any]

    @classmethod
    def of(cls, wanted: Filter) -> _Looked:
        """What a filter looks for."""
        terms, senders = wanted.search.terms, wanted.search.senders
        parameters: dict[str, Any] = {}
        named = _patterns("name", terms, " AND ", parameters)
        sender = _patterns("sender", senders, " OR ", parameters)
        if terms:
            parameters |= {"words": search.text_query(terms), **exact_values(terms)}
        words = search.words_in(terms)
        parts = {f"part_{place}": search.text_query((word,)) for place, word in enumerate(words[:MOST_WEIGHED])}
        return cls(bool(terms), "exact" in parameters, named, sender, tuple(words), parts, parameters)

    @property
    def visitors(self) -> dict[str, str]:
        """Queries for the visitors that are looked for: what the statistics are asked."""
        has = {"visitors": self.named or self.sender, "senders": self.named and self.sender}
        return {name: f"SELECT FROM visitor v WHERE {pattern}" for name, pattern in has.items() if pattern}

    @property
    def each_word(self) -> list[str]:
        """A query for each word: what the statistics are asked."""
        return [f"SELECT FROM message_search s WHERE s.search @@ to_tsquery('simple', :{one})" for one in self.parts]

    def asked(self, way: Way) -> dict[str, Any]:
        """The words that the index is asked for; all of them, where the server takes the rarest for none."""
        every = " ".join(self.words)
        asked = every if way.asked is None else " ".join(self.words[place] for place in way.asked)
        return {"asked": asked, "or_else": every}

    def in_a_row(self, way: Way) -> str:
        """Whether a conversation `c` holds them."""
        clauses = [self.said(way)] if self.terms else []
        return " AND ".join([*clauses, *([_visitor(self.sender)] if self.sender else [])])

    def said(self, way: Way) -> str:
        """Whether `c` holds the terms. No EXISTS, which might be made a look at all messages there are."""
        said = f"""(SELECT true FROM message_search s {self._letters}
            WHERE s.conversation_id = c.id AND {WORDS} LIMIT 1)"""
        if way.by_name:  # an array, for the server would not make a table of what it takes for millions
            said = f"c.id IN (SELECT unnest(ARRAY{self._hits('', way, 'ALL')}))"
        return f"({said} OR {_visitor(self.named)})"

    @property
    def sent(self) -> str:
        """Whether `c` is of a visitor that `from:` names; the newest of them count."""
        return f"c.visitor_id = ANY(ARRAY({_known(self.sender)}))"

    def from_the_words(self, rest: Conditions, way: Way) -> str:
        """Whether a conversation `c` is among the newest that hold them."""
        clauses = [self.sent] if self.sender else []
        if self.terms:
            among = " AND ".join([rest.sql, *clauses])
            narrowed = _looked_up(among) if among != ALL else ""
            clauses.append(f"c.id = ANY(ARRAY({self._hits(narrowed, way)} UNION ALL {_of_known(self.named)}))")
        return " AND ".join(clauses)

    def _hits(self, narrowed: str, way: Way, most: int | str = MOST_MATCHES) -> str:
        """Row by row of what is beside LATERAL, so no further than the stretch in which there are enough."""
        also = f"AND {WORDS}" if self.exact or way.asked is not None else ""
        return f"""(SELECT hit.conversation_id FROM ({BY_AGE}) AS few, LATERAL (
            SELECT s.conversation_id FROM message_search s {self._letters}
            WHERE words_by_stretch(s.project_id, s.message_id, s.search) @@ {ASKED} {also}
            ORDER BY s.message_id DESC) AS hit {narrowed} LIMIT {most})"""

    @property
    def _letters(self) -> str:
        return "JOIN message m ON m.id = s.message_id AND m.content ILIKE ALL(:exact)" if self.exact else ""


def _visitor(pattern: str | None) -> str:
    return f"(SELECT true FROM visitor v WHERE v.id = c.visitor_id AND ({pattern}))"


def _looked_up(among: str) -> str:
    """One by one: joined, all conversations might be read for a few."""
    return f"""JOIN LATERAL (
        SELECT FROM conversation c WHERE c.id = hit.conversation_id AND {among} LIMIT 1) AS it ON true"""


# From the newest stretch on, in the order of the rows.
BY_AGE = "SELECT stretch FROM generate_series((SELECT stretch_of(max(id)) FROM message), 0, -1) AS stretch"
# The inner query is asked once for all of them.
ASKED = """replace((SELECT words_asked(:project, COALESCE(NULLIF(to_tsvector('simple', :asked), ''),
    to_tsvector('simple', :or_else)))), '#', few.stretch::text)::tsquery"""


def _patterns(name: str, terms: Sequence[str], join: str, parameters: dict[str, Any]) -> str | None:
    """Visitors by their names and addresses. One condition for each term: an index knows nothing of ILIKE ALL."""
    values = {f"{name}_{place}": search.name_pattern(term) for place, term in enumerate(terms)}
    parameters |= values
    return join.join(f"{VISITOR_WORDS} ILIKE :{one}" for one in values) or None


def _known(pattern: str | None) -> str:
    """Fenced like the hits: a plan that knew the limit might go through all visitors for a name that none has."""
    return f"""SELECT known.id FROM (
        SELECT v.id FROM visitor v WHERE v.project_id = :project AND ({pattern}) OFFSET 0) AS known
    ORDER BY known.id DESC LIMIT {MOST_MATCHES}"""


def _of_known(pattern: str | None) -> str:
    return f"(SELECT theirs.id FROM conversation theirs WHERE theirs.visitor_id = ANY(ARRAY({_known(pattern)})))"


MATCHES = f"""
SELECT wanted.id, m.id AS message_id, m.content FROM unnest(CAST(:ids AS bigint[])) AS wanted (id), LATERAL (
    SELECT m.id, m.content FROM message_search s JOIN message m ON m.id = s.message_id {{exact}}
    WHERE s.conversation_id = wanted.id AND s.project_id = :project AND {WORDS}
    ORDER BY s.message_id DESC LIMIT 1) m
"""


class Match(NamedTuple):
    """A message or note that holds what is looked for."""

    message_id: int
    content: str


def matches(connection: Connection, project_id: int, ids: Sequence[int], terms: tuple[str, ...]) -> dict[int, Match]:
    """By conversation, the newest message or note that holds all terms, where one does."""
    exact = exact_values(terms)
    values = {"project": project_id, "ids": list(ids), "words": search.text_query(terms), **exact}
    sql = MATCHES.format(exact="AND m.content ILIKE ALL(:exact)" if exact else "")
    found = fetch_all(connection, sql, values, prepare=False)
    return {row["id"]: Match(row["message_id"], row["content"]) for row in found}


def exact_values(terms: tuple[str, ...]) -> dict[str, Any]:
    """What a message must hold letter by letter, because the index takes words apart at it."""
    exact = [f"%{search.like(term)}%" for term in terms if not search.is_word(term)]
    return {"exact": exact} if exact else {}
