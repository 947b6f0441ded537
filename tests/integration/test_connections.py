"""The pools of connections to PostgreSQL: how many are opened, and what becomes of those who find none."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import Connection, Engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from inbox import lending
from inbox.database import connect, fetch_one, is_away, single_statements
from inbox.patience import patiently
from jobs import claim
from jobs.lease import LeaseKeeper
from tests.people import People
from tests.product import wait_for

LEASE_SECONDS = 0.6
MANY = 20


@pytest.fixture
def few(database_url: str) -> Iterator[Engine]:
    """A single connection, for which nobody waits long."""
    engine = connect(database_url, pool_size=1, bounded=True, pool_seconds=0.1)
    yield engine
    engine.dispose()


def test_a_rush_opens_no_more(database_url: str) -> None:
    """A connection that is opened for one statement costs the server more than the statement."""
    engine = connect(database_url, pool_size=2, bounded=True)
    together = threading.Barrier(MANY)

    def served_by(transaction: bool) -> int:
        together.wait()
        with (engine if transaction else single_statements(engine)).connect() as connection:
            return int(connection.execute(text("SELECT pg_backend_pid() FROM pg_sleep(0.01)")).scalar_one())

    with ThreadPoolExecutor(MANY) as threads:
        assert len(set(threads.map(served_by, [False] * MANY))) <= 2
        assert len(set(threads.map(served_by, [True] * MANY))) <= 2
    engine.dispose()


def backend(connection: Connection) -> int:
    """Which of the server's processes is at its other end."""
    return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_what_came_back_is_lent_again_and_nobody_waits_for_ever(few: Engine) -> None:
    lender = single_statements(few)
    with lender.connect() as connection:
        first = backend(connection)
        with pytest.raises(PoolTimeout), lender.connect():
            pass
    with lender.connect() as connection:
        assert backend(connection) == first


def test_who_got_none_takes_no_place(database_url: str) -> None:
    """A server that is away for a while is not away for ever."""
    nowhere = make_url(database_url).set(database="nobody").render_as_string(hide_password=False)
    lender = single_statements(connect(nowhere, pool_size=1, bounded=True, pool_seconds=0.1))
    for _ in range(2):
        with pytest.raises(OperationalError), lender.connect():
            pass


def test_what_is_still_at_work_is_not_lent_again(few: Engine) -> None:
    """Whoever sent it has been stopped meanwhile; its answer would be taken for the next one's."""
    lender = single_statements(few)
    with lender.connect() as connection:
        first = backend(connection)
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.pgconn.send_query(b"SELECT pg_sleep(60)")
    with lender.connect() as connection:
        assert backend(connection) != first


def test_one_that_the_server_closed_is_not_lent_again(few: Engine) -> None:
    lender = single_statements(few)
    with lender.connect() as connection:
        first = backend(connection)
    with few.connect() as other:
        other.execute(text("SELECT pg_terminate_backend(:one, 5000)"), {"one": first})
    gone = connection
    with lender.connect() as connection:
        assert backend(connection) != first
    assert gone.closed, "and is no open file of this process"


def test_one_that_is_lost_while_it_is_lent_is_not_lent_again(few: Engine) -> None:
    """Whoever has it hears so; its place is free again."""
    lender = single_statements(few)
    with lender.connect() as connection:
        first = backend(connection)
        with few.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:one, 5000)"), {"one": first})
        with pytest.raises(OperationalError) as lost:
            fetch_one(connection, text("SELECT 1"), {})
        assert is_away(lost.value)
    with lender.connect() as connection:
        assert backend(connection) != first


def test_a_statement_that_was_cancelled_costs_no_connection(few: Engine) -> None:
    """Its answer, that it was cancelled, has come: nothing is under way any more."""
    lender = single_statements(few)
    with lender.connect() as connection:
        first = backend(connection)
        with pytest.raises(OperationalError):
            fetch_one(connection, text("SELECT pg_sleep(60) FROM pg_cancel_backend(pg_backend_pid())"), {})
        assert fetch_one(connection, text("SELECT 1 AS one"), {}).one == 1
    with lender.connect() as connection:
        assert backend(connection) == first


def test_the_last_that_came_back_is_lent_first(database_url: str) -> None:
    """It has its statements prepared, and those that nobody needs stay at rest."""
    engine = connect(database_url, pool_size=2)
    lender = single_statements(engine)
    with lender.connect() as last:
        newest = backend(last)
        with lender.connect() as first:
            assert backend(first) != newest
    with lender.connect() as connection:
        assert backend(connection) == newest
    engine.dispose()


def test_what_is_waited_for_longer_is_so_for_a_while(database_url: str) -> None:
    engine = connect(database_url, patience_seconds=0.2)
    with single_statements(engine).connect() as connection:
        with patiently(connection, 10.0):
            fetch_one(connection, text("SELECT pg_sleep(0.4)"), {})
        with pytest.raises(OperationalError):
            fetch_one(connection, text("SELECT pg_sleep(20)"), {})
    engine.dispose()


def test_one_that_is_lost_in_a_transaction_says_so_and_not_that_it_could_not_be_rolled_back(few: Engine) -> None:
    with few.connect() as connection:
        transaction = connection.begin()
        with single_statements(few).connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:one, 5000)"), {"one": backend(connection)})
        with pytest.raises(OperationalError) as lost:
            fetch_one(connection, text("SELECT 1"), {})
        assert is_away(lost.value)
        transaction.rollback()


def rush(engine: Engine, number: int) -> set[int]:
    """So many at once, and who served them."""
    lender = single_statements(engine)
    with ExitStack() as lent:
        return {backend(lent.enter_context(lender.connect())) for _ in range(number)}


def test_the_next_rush_finds_what_the_last_one_opened(database_url: str) -> None:
    """To open one for a single statement costs the server more than the statement."""
    engine = connect(database_url, pool_size=2)
    assert rush(engine, 4) == rush(engine, 4)
    engine.dispose()


def test_as_many_stay_open_as_are_kept(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that a rush opened beyond them are closed once nobody has needed them for a while."""
    monkeypatch.setattr(lending, "REST_SECONDS", 0.0)
    engine = connect(database_url, pool_size=2)
    opened = rush(engine, 4)
    assert len(rush(engine, 4) & opened) == 2
    engine.dispose()
    assert not rush(engine, 2) & opened
    engine.dispose()


def test_a_fork_leaves_its_parents_connections_alone(few: Engine) -> None:
    lender = single_statements(few)
    with lender.connect() as connection:
        first = backend(connection)
    forked = os.fork()
    if not forked:
        with lender.connect() as connection:
            gc.collect()  # what is forgotten here would be closed, at the server too
            os._exit(int(backend(connection) == first))
    assert os.waitstatus_to_exitcode(os.waitpid(forked, 0)[1]) == 0
    with lender.connect() as connection:
        assert backend(connection) == first


def test_leases_are_kept_after_a_rush(people: People, few: Engine) -> None:
    """A beat that finds no connection is late; the next one comes all the same."""
    turn_id = people.visitor_writes()
    assert turn_id is not None
    with people.services.statement() as writing:
        claimed = claim.claim(writing.connection, turn_id, lease_seconds=LEASE_SECONDS, max_attempts=3)
    assert claimed is not None
    keeper = LeaseKeeper(few, LEASE_SECONDS)

    def lapsed() -> bool:
        with people.services.reading() as connection:
            asked = text("SELECT lease_until < clock_timestamp() FROM turn WHERE id = :id")
            return bool(connection.execute(asked, {"id": turn_id}).scalar_one())

    with keeper.holding(claimed):
        with single_statements(few).connect():
            wait_for("the lease to lapse", lapsed)
        wait_for("another beat", lambda: not lapsed())
