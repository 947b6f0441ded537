"""What very many landings leave behind: updates that touch no index, and room that old rows take up.

Owns the figures, for comparison. The autovacuum is the server's own, as it comes.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import text

from inbox.database import single_statements
from tests.benchmarks import landing
from tests.benchmarks.stage import Stage
from tests.benchmarks.table import Line, Table

MIB = 2**20
SLICE = 1_000  # landings
ROOMS = 50  # conversations in which they land: twenty turns each
UPDATES = text("SELECT n_tup_upd AS all, n_tup_hot_upd AS hot FROM pg_stat_user_tables WHERE relname = :name")
SIZE = text("SELECT pg_total_relation_size(CAST(:name AS regclass))")


def run(stage: Stage, table: Table, *, full: bool) -> None:
    """Land, look at what the tables take, and rewrite them to see what they need."""
    landings = 100_000 if full else SLICE
    stage.allow_many_live_turns()
    started = time.monotonic()
    for _ in range(landings // SLICE):
        for operation in landing.tandem(stage.url, stage.redis_url, landing.Work(stage, SLICE, ROOMS).claimed):
            operation()
    rate = landings / (time.monotonic() - started)
    after = f"after {landings:,} landings"
    for name in ("conversation", "turn"):
        done, grown = _asked(stage, UPDATES, name), _asked(stage, SIZE, name)[0]
        table.add(Line(f"{name}: updates that touch no index, {after} / all", done.all, done.hot, "rows"))
        with single_statements(stage.engine).connect() as connection:
            connection.execute(text(f"VACUUM FULL {name}"))
        needed = _asked(stage, SIZE, name)[0]
        table.add(Line(f"{name} on disk {after} / rewritten", needed / MIB, grown / MIB, "MiB"))
    written = sum(_asked(stage, SIZE, name)[0] for name in ("message", "message_search", "timeline_event", "change"))
    table.add(Line("what a landing adds to messages, words, timeline and log", landings, written, "bytes"))
    table.add(Line("those landings, one after the other / 1,000 a second", 1000, rate, "1/s"))


def _asked(stage: Stage, statement: Any, name: str) -> Any:
    with single_statements(stage.engine).connect() as connection:
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        return connection.execute(statement, {"name": name}).one()
