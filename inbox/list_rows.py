"""The rows of a list: its conversations in its order, with what the API or a page shows around each.

Owns the statements, each scoped by project. Must not write. Keyset, so that page 10,000 costs what page 1 does;
what is shown around a row is read for the rows of the page only. They select what is shown and nothing else, for the
driver makes a Python value of each, and name their limit, for a plan that knows it is made once and kept. Their rows
come without names, which are given here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection

from inbox import listed_words
from inbox.database import fetch_tuples
from inbox.listed import ALL, HANDED_OFF_WHY, WAITS, WAITS_SINCE, Filter
from inbox.listed_words import Page
from inbox.reading import LAST_AUTHOR, LAST_AUTHOR_NAME

Row = Mapping[Any, Any]


class Listed(NamedTuple):
    """What a page shows of a conversation, in the order of SHOWN's columns."""

    id: int
    status: str
    assignee_id: int | None
    priority: str
    labels: list[str]
    unread_count: int
    last_message_snippet: str | None
    responder_state: str
    left_to_people: bool
    epoch: int
    active_at: datetime
    visitor_id: int
    visitor_called: str | None  # by name, else by address
    assignee_name: str | None
    last_author: str | None
    last_author_name: str | None  # an agent's
    live_id: int | None
    live_claimed_at: datetime | None
    has_draft: bool
    handed_off_why: str | None
    waits_since: datetime | None  # for a person

    @property
    def visitor(self) -> Row:
        """Who asks."""
        return {"id": self.visitor_id, "name": self.visitor_called, "email": None}


SINCE = f"CASE WHEN {WAITS.format('c')} THEN {WAITS_SINCE.format('c')} END"
# A JSON column comes as its text: most are empty.
WHOLE = f"""
SELECT c.id, c.status, c.assignee_id, c.priority, c.labels, c.unread_count, c.last_message_snippet, c.responder_state,
    c.epoch, c.active_at, c.version, c.snoozed_until, c.assigned_at, c.last_message_id, c.last_message_timestamp,
    c.created_at, c.metadata::text, c.custom_attributes::text,
    c.visitor_id, v.external_id, v.name, v.email, v.verified, v.custom_attributes::text, {SINCE}
FROM ({{page}}) c JOIN visitor v ON v.id = c.visitor_id {{order}}
"""
SHOWN = f"""
SELECT c.id, c.status, c.assignee_id, c.priority, c.labels, c.unread_count, c.last_message_snippet,
    c.responder_state, c.left_to_people, c.epoch, c.active_at, c.visitor_id, COALESCE(NULLIF(v.name, ''), v.email),
    a.name, {LAST_AUTHOR}, {LAST_AUTHOR_NAME}, live.id, live.claimed_at,
    EXISTS (SELECT 1 FROM draft d WHERE d.conversation_id = c.id AND d.state = 'open'),
    CASE WHEN c.responder_state = 'handed_off' THEN {HANDED_OFF_WHY} END, {SINCE}
FROM ({{page}}) c JOIN visitor v ON v.id = c.visitor_id
LEFT JOIN agent a ON a.id = c.assignee_id
LEFT JOIN turn live ON live.conversation_id = c.id AND live.status IN ('queued', 'thinking') {{order}}
"""
COUNTED = "SELECT count(*) FROM ({page}) AS c"
NAMED = f"SELECT c.* FROM conversation c WHERE {ALL} AND c.id = ANY(:ids)"


def whole(connection: Connection, project_id: int, wanted: Filter) -> list[Row]:
    """Conversations with their visitors, at most `limit`: what the API tells of each."""
    return [_whole(row) for row in _page(connection, WHOLE, project_id, wanted)]


def shown(connection: Connection, project_id: int, wanted: Filter) -> list[Listed]:
    """What a page shows of each conversation, at most `limit`."""
    return list(map(_LISTED, _page(connection, SHOWN, project_id, wanted)))


def count(connection: Connection, project_id: int, wanted: Filter) -> int:
    """How many conversations the filter finds, at most `limit`."""
    return int(_part(connection, COUNTED, project_id, replace(wanted, sort="newest"))[0][0])


_LISTED = partial(tuple.__new__, Listed)  # Listed._make, which takes twice as long: it counts the columns each time


def _page(connection: Connection, around: str, project_id: int, wanted: Filter) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for part in wanted.parts():
        rows += _part(connection, around, project_id, replace(part, limit=wanted.limit - len(rows)))
        if len(rows) >= wanted.limit:
            break
    return rows


def _part(connection: Connection, around: str, project_id: int, wanted: Filter) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    for page in listed_words.pages(connection, project_id, wanted):
        rows = _asked(connection, around, page, wanted.order)
        if (rows[0][0] if around is COUNTED else len(rows)) >= wanted.limit:
            break
    return rows


def _asked(connection: Connection, around: str, page: Page, order: str) -> list[tuple[Any, ...]]:
    """What is around a page is planned once for all pages: a page that is planned each time is asked for by itself."""
    if page.prepare or around is COUNTED:
        sql = around.format(page=page.sql, order=order)
        return fetch_tuples(connection, sql, page.parameters, prepare=page.prepare)
    found = fetch_tuples(connection, f"SELECT c.id FROM ({page.sql}) c", page.parameters, prepare=False)
    named = {"project": page.parameters["project"], "ids": [row[0] for row in found]}
    return fetch_tuples(connection, around.format(page=NAMED, order=order), named) if found else []


def _whole(row: tuple[Any, ...]) -> Row:
    """Named one by one, in the order of WHOLE's columns: made of a list of names it takes twice as long."""
    (
        id_, status, assignee_id, priority, labels, unread_count, snippet, responder_state, epoch, active_at, version,
        snoozed_until, assigned_at, last_message_id, last_message_timestamp, created_at, metadata, attributes,
        visitor_id, external_id, name, email, verified, of_visitor, waits_since,
    ) = row  # fmt: skip
    visitor = {
        "id": visitor_id, "external_id": external_id, "name": name, "email": email, "verified": verified,
        "custom_attributes": _value(of_visitor),
    }  # fmt: skip
    return {
        "id": id_, "status": status, "assignee_id": assignee_id, "priority": priority, "labels": labels,
        "unread_count": unread_count, "last_message_snippet": snippet, "responder_state": responder_state,
        "epoch": epoch, "active_at": active_at, "version": version, "snoozed_until": snoozed_until,
        "assigned_at": assigned_at, "last_message_id": last_message_id,
        "last_message_timestamp": last_message_timestamp, "created_at": created_at, "metadata": _value(metadata),
        "custom_attributes": _value(attributes), "visitor": visitor, "waits_since": waits_since,
    }  # fmt: skip


def _value(text: str) -> Any:
    """A JSON column's value; an empty one is quicker said than read."""
    return {} if text == "{}" else json.loads(text)
