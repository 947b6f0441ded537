"""What is set aside while very many rows come in: indexes, foreign keys and the trigger that indexes words.

Owns setting aside and putting back. Both belong in one transaction, so that whoever stops it in between leaves all as
it was; until its end nobody else reads these tables. Primary keys and the triggers that count stay. Needs no superuser.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg

FILLED = ("visitor", "conversation", "turn", "message", "message_search", "timeline_event")
LOCK = f"LOCK TABLE {', '.join(FILLED)} IN ACCESS EXCLUSIVE MODE"
WORDS_OFF = "ALTER TABLE message DISABLE TRIGGER message_come"
WORDS_ON = "ALTER TABLE message ENABLE TRIGGER message_come"
# Sorted in memory where there is some; two at a time, whatever the machine has.
MEMORY = "SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL work_mem = '128MB'"
INDEXES = """
SELECT format('DROP INDEX %%I', i.relname), pg_get_indexdef(i.oid) || COALESCE((
        SELECT format('; ALTER INDEX %%I ALTER COLUMN %%s SET STATISTICS %%s', i.relname, a.attnum, a.attstattarget)
        FROM pg_attribute a WHERE a.attrelid = i.oid AND a.attstattarget >= 0), ''), i.relname
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid
WHERE x.indrelid = ANY (%(tables)s::text[]::regclass[])
    AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = x.indexrelid AND c.contype IN ('p', 'u'))
ORDER BY i.relname
"""
# Unique keys before foreign ones: some of these name those.
CONSTRAINTS = """
SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
    format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname, pg_get_constraintdef(oid)), conname
FROM pg_constraint WHERE conrelid = ANY (%(tables)s::text[]::regclass[]) AND contype IN ('u', 'f')
ORDER BY contype DESC, conname
"""


@dataclass(frozen=True)
class Aside:
    """What puts each one back, and its name."""

    statements: tuple[tuple[str, str], ...]


def set_aside(connection: psycopg.Connection[Any]) -> Aside:
    """Take the tables for oneself and off them what would be kept up row by row."""
    connection.execute(LOCK)
    connection.execute(MEMORY)
    named = {"tables": list(FILLED)}
    found = [*connection.execute(INDEXES, named).fetchall(), *connection.execute(CONSTRAINTS, named).fetchall()]
    for drop, _, _ in found:
        connection.execute(drop)
    connection.execute(WORDS_OFF)
    return Aside(tuple((back, name) for _, back, name in found))


def put_back(connection: psycopg.Connection[Any], aside: Aside) -> Iterator[str]:
    """Build what was set aside once for all rows; yields the name of each before it is built."""
    connection.execute(WORDS_ON)
    for statement, name in aside.statements:
        yield name
        connection.execute(statement)
