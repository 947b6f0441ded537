"""What very many landings leave behind: updates that touch no index, and room that old rows take up.

Owns the figures, for comparison. They land by the landing's own statement, without the lock and the Python around it:
these leave nothing behind. The autovacuum is the server's own, as it comes.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import text

from inbox.database import connect, single_statements
from tests.benchmarks import landing
from tests.benchmarks.stage import Stage
from tests.benchmarks.table import Line, Table

MIB = 2**20
CLIENTS = 2
SLICE = 1_000  # landings
SHOWN = 50_000  # landings between two words of how far it is
ROOMS = 50  # conversations in which they land: twenty turns each
UPDATED = ("conversation", "turn", "view_count")
WRITTEN = ("message", "message_search", "timeline_event", "change")
FOUND = text(
    """
SELECT pg_table_size(relid) AS table, pg_indexes_size(relid) AS indexes, n_live_tup AS live, n_dead_tup AS dead,
    n_tup_upd AS all, n_tup_hot_upd AS hot, autovacuum_count AS visits
FROM pg_stat_user_tables WHERE relname = :name
"""
)


def run(stage: Stage, table: Table, *, full: bool) -> None:
    """Land, look at what the tables take, and rewrite them to see what they need."""
    landings = 1_000_000 if full else SLICE
    stage.allow_many_live_turns()
    started = time.monotonic()
    fork, share = multiprocessing.get_context("fork"), (stage.url, stage.project_id, landings // CLIENTS)
    clients = [fork.Process(target=_land, args=share) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    rate = landings / (time.monotonic() - started)
    table.add(Line(f"landings, {CLIENTS} clients / 1,000 a second", 1000, rate, "1/s"))
    for name in UPDATED:
        _updated(stage, table, name, f"after {landings:,} landings")
    written = [_found(stage, name) for name in WRITTEN]
    tables, indexes = (sum(getattr(one, part) for one in written) for part in ("table", "indexes"))
    table.add(Line("what a landing adds to messages, words, timeline and log", landings, tables + indexes, "bytes"))
    table.add(Line("… indexes / all of it", tables + indexes, indexes, "bytes"))


# In the server, each in a transaction of its own; not all in one DO, for autovacuum hears of nothing before its end.
LAND = """
DO $do$ DECLARE one record; BEGIN
    FOR one IN SELECT * FROM unnest({rooms}::bigint[], {turns}::bigint[]) AS listed (room, turn) LOOP
        EXECUTE format('EXECUTE land(' || {values} || ')', one.room, one.turn);
        COMMIT;
    END LOOP;
END $do$
"""
PLACES = {"conversation": "%1$s", "turn": "%2$s"}


def _land(url: str, project_id: int, landings: int) -> None:
    engine, started = connect(url, pool_size=2), time.monotonic()
    stage = Stage(url, "", engine, project_id, "")
    with psycopg.connect(url, autocommit=True) as connection:
        for done in range(0, landings, SLICE):
            claimed = landing.Work(stage, min(SLICE, landings), ROOMS).claimed
            if not done:
                statement, names, values = landing.floor_statement(claimed[0])
                connection.execute(b"PREPARE land AS " + statement)
                literals = [PLACES.get(name) or sql.Literal(values[name]).as_string(connection) for name in names]
            elif done % SHOWN == 0:
                print(f"{done:,} landings in {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)
            rooms, turns = [one.conversation_id for one in claimed], [one.turn_id for one in claimed]
            listed = {"rooms": rooms, "turns": turns, "values": ", ".join(literals)}
            land = sql.SQL(LAND).format(**{name: sql.Literal(value) for name, value in listed.items()})
            connection.execute(land)


def _updated(stage: Stage, table: Table, name: str, after: str) -> None:
    before = _found(stage, name)
    table.add(Line(f"{name}: updates that touch no index, {after} / all", before.all, before.hot, "rows"))
    table.add(Line(f"{name}: dead rows, {after} / live", before.live, before.dead, "rows"))
    table.add(Line(f"{name}: visits of autovacuum, {after} / one", 1, before.visits, ""))
    with single_statements(stage.engine).connect() as connection:
        connection.execute(text(f"VACUUM FULL {name}"))
    needed = _found(stage, name)
    table.add(Line(f"{name}, the table {after} / rewritten", needed.table / MIB, before.table / MIB, "MiB"))
    table.add(Line(f"{name}, its indexes {after} / rewritten", needed.indexes / MIB, before.indexes / MIB, "MiB"))


def _found(stage: Stage, name: str) -> Any:
    with single_statements(stage.engine).connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        return connection.execute(FOUND, {"name": name}).one()
