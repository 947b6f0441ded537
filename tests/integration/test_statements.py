"""No statement reads a long table from end to end: every one that a module of the product keeps is EXPLAINed.

They are found, not listed, so that a new one is looked at as well. On a filled database with fresh statistics the
server plans as it does in earnest; the plan is the one that serves all values (GENERIC_PLAN): it needs none.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import TextClause

import inbox
import jobs
from commands.fill import fill
from inbox import list_rows, views
from inbox.access import Agent
from inbox.listed import Filter, conditions
from tests.people import People

CONVERSATIONS = 3000
# What `flask demo fill` does not write. An agent and their tokens are of many projects; reading here and there costs
# little, as on any disk of today.
MORE = """
SET random_page_cost = 1.1;
INSERT INTO project (name, key) SELECT 'Another', n::text FROM generate_series(1, 100) AS n;
INSERT INTO membership (project_id, agent_id)
    SELECT p.id, (SELECT min(agent_id) FROM membership) FROM project p WHERE p.name = 'Another';
INSERT INTO change (position, project_id, conversation_id, version, body)
    SELECT row_number() OVER (), project_id, id, 1, '{}' FROM conversation;
INSERT INTO visitor_session (token_hash, project_id, visitor_id, conversation_id)
    SELECT sha256(id::text::bytea), project_id, visitor_id, id FROM conversation;
INSERT INTO idempotency_key (scope, key, request_hash) SELECT 'messages', id, '' FROM conversation;
INSERT INTO agent_session (token_hash, project_id, agent_id, expires_at)
    SELECT sha256((n || 'x' || agent_id || 'x' || project_id)::bytea), project_id, agent_id, now() + interval '1 day'
    FROM generate_series(1, 30) AS n, membership;
INSERT INTO api_token (token_hash, project_id, agent_id)
    SELECT sha256((n || 'x' || agent_id || 'x' || project_id)::bytea), project_id, agent_id
    FROM generate_series(1, 30) AS n, membership;
INSERT INTO draft (project_id, conversation_id, turn_id, content, reason, state)
    SELECT project_id, conversation_id, id, 'x', 'x', CASE id % 50 WHEN 0 THEN 'open' ELSE 'sent' END FROM turn;
INSERT INTO attachment (project_id, conversation_id, message_id, author, author_id, key, name, type, bytes)
    SELECT project_id, conversation_id, id, 'visitor', 1, id, 'x', 'x', 1 FROM message WHERE author = 'visitor';
INSERT INTO mention (message_id, agent_id, project_id, conversation_id, seen_at)
    SELECT m.id, s.agent_id, m.project_id, m.conversation_id, CASE WHEN m.id % 50 > 0 THEN now() END
    FROM message m JOIN membership s USING (project_id) WHERE m.author = 'agent';
INSERT INTO rating (project_id, conversation_id, visitor_id, solved_version, score)
    SELECT project_id, id, visitor_id, version, 5 FROM conversation;
INSERT INTO audit_entry (project_id, kind, actor_id) SELECT project_id, 'login', id % 100 FROM conversation;
INSERT INTO spend (project_id, visitor_id, period, tokens) SELECT project_id, id, now(), 1 FROM visitor;
INSERT INTO unsent_text (agent_id, conversation_id, project_id, content, kind, edited_at)
    SELECT m.agent_id, c.id, c.project_id, '', 'note', now() FROM conversation c JOIN membership m USING (project_id);
INSERT INTO webhook (project_id, url, events, secret, position)
    SELECT id, 'https://hooks.example', '{x}', '', 0 FROM project LIMIT 1;
INSERT INTO webhook_delivery (webhook_id, project_id, conversation_id, event_id, kind, body, state, ended_at)
    SELECT w.id, c.project_id, c.id, c.id, 'x', '{}', CASE c.id % 100 WHEN 0 THEN 'waiting' ELSE 'delivered' END,
        CASE WHEN c.id % 100 > 0 THEN now() END FROM conversation c, webhook w;
ANALYZE
"""
LONG = {
    "conversation", "conversation_label", "conversation_priority", "visitor", "message", "message_search", "turn",
    "timeline_event", "change", "visitor_session",
    "idempotency_key", "agent_session", "api_token", "draft", "attachment", "mention", "rating", "audit_entry",
    "spend", "unsent_text", "webhook_delivery",
}  # fmt: skip
READS_ALL = {
    "inbox.counts.COUNTED": "what the kept figures are checked against; no page asks it",
    "inbox.team.REMOVE": "a third of all conversations are that agent's here",
    "inbox.visitors.LOGGED": "the change log is of 7 days, and every write would pay for one more index of it",
    "inbox.visitors.ERASE.0": "answers are kept for a day, likewise",
    "inbox.removing.FORGET.1": "answers are kept for a day, as above",
    "jobs.race_field.CLEAN_UP.1": "all of the change log is one project's here",
    "jobs.dispatching.NEEDING": "all of the log is one project's here; tests/integration/test_webhook_indexes.py",
}
# A key that is followed when one of these goes, and no index that begins with its column. Projects, agents and
# webhooks go so seldom that reading a table for one is no harm.
UNFOUND = """
SELECT conrelid::regclass || ' ' || conname FROM pg_constraint
WHERE contype = 'f' AND confrelid::regclass::text IN ('conversation', 'visitor', 'turn', 'message')
    AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = conrelid AND indkey[0] = conkey[1] AND indpred IS NULL)
"""
LIMIT = re.compile(r"LIMIT :\w+")
ANA = Agent(1, "Ana", "ana@example.org", 1, "agent")
PARAMETER = re.compile(r"(?<![:\w]):(\w+)(?!:)")


@pytest.fixture
def filled(people: People) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database in which every long table is long."""
    address = people.services.database.url.render_as_string(hide_password=False).replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        for _ in fill(connection, people.project_id, CONVERSATIONS, many=1):
            pass
        connection.execute(MORE)
        yield connection


def statements() -> Iterator[tuple[str, TextClause]]:
    """Every statement that a module of the inbox or of the jobs keeps, by its name."""
    for package in (inbox, jobs):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name:
                kept = vars(importlib.import_module(module.name))
                yield from ((f"{module.name}.{name}", one) for name, one in each(kept) if isinstance(one, TextClause))


def each(kept: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What a module keeps, and by its place what stands in a row of it."""
    for name, one in kept.items():
        yield from (
            ((f"{name}.{place}", part) for place, part in enumerate(one)) if isinstance(one, tuple) else [(name, one)]
        )


def plan(connection: psycopg.Connection[Any], statement: str) -> dict[str, Any]:
    """The plan for all values. A parameter that the server finds no type for is text, or the second that it found."""
    statement = LIMIT.sub("LIMIT 50", statement)  # for a tenth of all rows, as is supposed of any, no index pays
    names = list(dict.fromkeys(PARAMETER.findall(statement)))
    places = {name: f"${place}" for place, name in enumerate(names, 1)}
    while True:
        numbered = PARAMETER.sub(lambda match: places[match[1]], statement)
        explained: Any = sql.SQL(f"EXPLAIN (GENERIC_PLAN, FORMAT JSON) {numbered}")
        try:
            (row,) = connection.execute(explained).fetchall()
        except (psycopg.errors.IndeterminateDatatype, psycopg.errors.AmbiguousParameter) as error:
            name = names[int(re.findall(r"\$(\d+)", str(error.diag.message_primary))[0]) - 1]
            wanted = str(error.diag.message_detail or "text").rpartition(" versus ")[2]
            places[name] = f"CAST({places[name]} AS {wanted})"
        else:
            found: dict[str, Any] = row[0][0]["Plan"]
            return found


def read_whole(node: dict[str, Any]) -> set[str]:
    """The long tables that a plan reads from end to end, by the heap or by a whole index."""
    whole = node["Node Type"] == "Seq Scan" and node["Relation Name"] in LONG
    found = {str(node["Relation Name"])} if whole else set()
    return found.union(*(read_whole(inner) for inner in node.get("Plans", [])))


def page_plan(connection: psycopg.Connection[Any], around: str, wanted: Filter) -> dict[str, Any]:
    """The plan of a later page of a list."""
    wanted = replace(wanted, before=("2026-01-01T00:00Z", 7))
    found = conditions(1, wanted)
    page = f"SELECT c.* FROM conversation c WHERE {found.sql} {wanted.order} LIMIT 51"
    return plan(connection, around.format(page=page, order=wanted.order))


@pytest.mark.parametrize("waits", [None, True, False])
def test_no_view_reads_a_long_table_from_end_to_end(filled: psycopg.Connection[Any], waits: bool | None) -> None:
    for around in (list_rows.SHOWN, list_rows.WHOLE):
        for key, view in views.BY_KEY.items():
            wanted = replace(views.filter_of(view, ANA), waits=waits)
            assert read_whole(page_plan(filled, around, wanted)) == set(), key


def test_no_statement_reads_a_long_table_from_end_to_end(filled: psycopg.Connection[Any]) -> None:
    known = dict(statements())
    assert len(known) > 200, "the statements are found"
    whole = {name: found for name, one in known.items() if (found := read_whole(plan(filled, one.text)))}
    unknown = {name: found for name, found in whole.items() if name not in READS_ALL}
    assert unknown == {}, list(unknown.items())[5:]
    assert set(whole) == set(READS_ALL), "an exception that is none any more"


def test_what_goes_with_another_row_is_found_by_it(filled: psycopg.Connection[Any]) -> None:
    """No statement says so: the server deletes, or looks, row by row."""
    assert filled.execute(UNFOUND).fetchall() == []
