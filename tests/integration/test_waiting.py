"""Statements of a web process, whose greenlets share one thread: while one waits for its answer the others go on."""

from __future__ import annotations

import subprocess
import sys

from gevent import monkey

from inbox.waiting import in_the_loop
from tests.product import ROOT

LARGE = 8_000_000  # far more than the kernel takes at once, in either direction
# A process of its own, for there gevent takes the place of everything that waits.
IN_GREENLETS = f"""
from gevent import monkey

monkey.patch_all()

import sys

import gevent
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from inbox.database import connect, fetch_one, is_away, single_statements
from inbox.waiting import TooSlow, in_the_loop

engine = connect(sys.argv[1], patience_seconds=2.0)


def asked(sql, **named):
    with single_statements(engine).connect() as connection:
        return fetch_one(connection, text(sql), named)


assert in_the_loop() is not None
with single_statements(engine).connect() as holder:
    fetch_one(holder, text("SELECT pg_advisory_lock(1)"), {{}})
    waiting = gevent.spawn(asked, "SELECT pg_advisory_lock(1), pg_backend_pid() AS pid")
    while not asked("SELECT count(*) AS many FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").many:
        gevent.sleep()
    fetch_one(holder, text("SELECT pg_advisory_unlock(1)"), {{}})
    assert waiting.get().pid

words = "x" * {LARGE}
assert asked("SELECT CAST(:words AS text) || 'y' AS words", words=words).words == words + "y"

engine = connect(sys.argv[1], pool_size=1, bounded=True, pool_seconds=1.0)
before = asked("SELECT pg_backend_pid() AS pid").pid
killed = gevent.spawn(asked, "SELECT pg_sleep(60) AS killed")
gevent.sleep()
assert not killed.ready()
killed.kill()
assert asked("SELECT pg_backend_pid() AS pid").pid != before

engine = connect(sys.argv[1], patience_seconds=0.2)
for slow in (
    "SELECT pg_sleep(20)",
    "DO 'BEGIN FOR i IN 1..200 LOOP RAISE NOTICE ''wait''; PERFORM pg_sleep(0.1); END LOOP; END'",
):
    before = asked("SELECT pg_backend_pid() AS pid").pid
    try:
        asked(slow)
    except OperationalError as error:
        assert isinstance(error.orig, TooSlow) and is_away(error), error
    else:
        raise AssertionError("it was waited for")
    assert asked("SELECT pg_backend_pid() AS pid").pid != before
print("all went on")
"""


def test_where_nothing_gives_way_to_greenlets_the_driver_waits_by_itself() -> None:
    assert not monkey.is_module_patched("select")
    assert in_the_loop() is None


def test_statements_give_way_to_each_other_and_are_given_up(database_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_GREENLETS, database_url], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout == "all went on\n", done.stderr
