"""The rows of a list: its conversations, newest activity first, with what the API or a page shows around each.

Owns the statements, each scoped by project. Must not write. Keyset, so that page 10,000 costs what page 1 does;
what is shown around a row is read for the rows of the page only. They select what is shown and nothing else, for the
driver makes a Python value of each, and name their limit, for a plan that knows it is made once and kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from inbox import listed_words
from inbox.database import fetch_all
from inbox.listed import HANDED_OFF_WHY, Filter
from inbox.listed_words import NEWEST

Row = Mapping[Any, Any]
BOTH = """c.id, c.status, c.assignee_id, c.priority, c.labels, c.unread_count, c.last_message_snippet,
    c.responder_state, c.epoch, c.active_at"""

WHOLE = f"""
SELECT {BOTH}, c.version, c.snoozed_until, c.assigned_at, c.last_message_id, c.last_message_timestamp, c.created_at,
    c.metadata::text, c.custom_attributes::text,
    v.id AS visitor_id, v.external_id AS visitor_external_id, v.name AS visitor_name, v.email AS visitor_email,
    v.verified AS visitor_verified, v.custom_attributes::text AS visitor_custom_attributes
FROM ({{page}}) c JOIN visitor v ON v.id = c.visitor_id {NEWEST}
"""
SHOWN = f"""
SELECT {BOTH}, v.id AS visitor_id, v.name AS visitor_name, v.email AS visitor_email, a.name AS assignee_name,
    lm.author AS last_author, lm.author_name AS last_author_name,
    live.id AS live_id, live.claimed_at AS live_claimed_at,
    EXISTS (SELECT 1 FROM draft d WHERE d.conversation_id = c.id AND d.state = 'open') AS has_draft,
    CASE WHEN c.responder_state = 'handed_off' THEN {HANDED_OFF_WHY} END AS handed_off_why
FROM ({{page}}) c JOIN visitor v ON v.id = c.visitor_id
LEFT JOIN agent a ON a.id = c.assignee_id
LEFT JOIN message lm ON lm.id = c.last_message_id
LEFT JOIN turn live ON live.conversation_id = c.id AND live.status IN ('queued', 'thinking') {NEWEST}
"""
COUNTED = "SELECT count(*) AS many FROM ({page}) AS c"


def whole(connection: Connection, project_id: int, wanted: Filter) -> list[Row]:
    """Conversations with their visitors, at most `limit`: what the API tells of each."""
    return [_whole(row) for row in _page(connection, WHOLE, project_id, wanted)]


def shown(connection: Connection, project_id: int, wanted: Filter) -> list[Row]:
    """What a page shows of each conversation, at most `limit`."""
    return [_shown(row) for row in _page(connection, SHOWN, project_id, wanted)]


def count(connection: Connection, project_id: int, wanted: Filter) -> int:
    """How many conversations the filter finds, at most `limit`."""
    return int(_page(connection, COUNTED, project_id, wanted)[0]["many"])


def _page(connection: Connection, around: str, project_id: int, wanted: Filter) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for page in listed_words.pages(connection, project_id, wanted):
        rows = fetch_all(connection, around.format(page=page.sql), page.parameters, prepare=page.prepare)
        if (rows[0]["many"] if around is COUNTED else len(rows)) >= wanted.limit:
            break
    return rows


def _whole(row: dict[str, Any]) -> Row:
    row["metadata"] = _value(row["metadata"])
    row["custom_attributes"] = _value(row["custom_attributes"])
    row["visitor"] = {
        "id": row["visitor_id"],
        "external_id": row["visitor_external_id"],
        "name": row["visitor_name"],
        "email": row["visitor_email"],
        "verified": row["visitor_verified"],
        "custom_attributes": _value(row["visitor_custom_attributes"]),
    }
    return row


def _shown(row: dict[str, Any]) -> Row:
    row["visitor"] = {"id": row["visitor_id"], "name": row["visitor_name"], "email": row["visitor_email"]}
    live = row["live_id"] is not None
    row["live_turn"] = {"id": row["live_id"], "claimed_at": row["live_claimed_at"]} if live else None
    return row


def _value(text: str) -> Any:
    """A JSON column's value. Most are empty, and an empty one is quicker said than read."""
    return {} if text == "{}" else json.loads(text)
