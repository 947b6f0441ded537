"""What a turn remembers of the visitor: a fact that somebody set or removed since the claim stays as they left it.

Owns reading the visitor for a landing, and the statement's parts; jobs/decide.py says whether a wish yields. A fact
that is set after the re-fetch is another version of the visitor: then nothing is written, and the landing looks again:
tests/concurrency/test_wishes.py::test_a_fact_of_the_visitor_yields.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from inbox.database import fetch_one
from jobs.values import Claimed, Drop, KnownVisitor
from responder.outcome import Outcome

VISITOR = text(
    """
SELECT v.version, v.custom_attributes FROM conversation c JOIN visitor v ON v.id = c.visitor_id
WHERE c.id = :conversation
"""
)

# Before the conversation, in the order in which whoever erases a visitor locks them (inbox/visitors.py).
AT_VISITOR = """
at_visitor AS (
    SELECT id FROM visitor WHERE version = :visitor_version
        AND id = (SELECT visitor_id FROM conversation WHERE id = :conversation) FOR NO KEY UPDATE),"""
REMEMBER = """
v AS (
    UPDATE visitor SET version = visitor.version + 1,
        custom_attributes = visitor.custom_attributes || CAST(:visitor_attributes AS jsonb)
    FROM c WHERE visitor.id = c.visitor_id AND NOT visitor.custom_attributes @> CAST(:visitor_attributes AS jsonb)
    RETURNING visitor.id)"""


def wanted(outcome: Outcome | Drop) -> bool:
    """Whether the outcome wants to remember something; few do, so the visitor is read for these alone."""
    return not isinstance(outcome, Drop) and any(intent.tool == "set_visitor_attribute" for intent in outcome.intents)


def known(connection: Connection, claimed: Claimed) -> KnownVisitor | None:
    """The visitor now; None if they are gone."""
    row = fetch_one(connection, VISITOR, {"conversation": claimed.conversation_id})
    return None if row is None else KnownVisitor(row.version, row.custom_attributes)
