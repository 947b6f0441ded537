"""Behind PgBouncer in transaction mode: nothing relies on the session, for the next statement may meet another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text

from inbox.database import connect, fetch_one, single_statements
from inbox.services import Services
from jobs import sweep, turn
from jobs.context import Context
from tests.people import WORKFLOW, People
from tests.pooler import transaction_pooler


@pytest.fixture
def pooled(database_url: str) -> Iterator[Engine]:
    with transaction_pooler(database_url) as url:
        engine = connect(url)
        yield engine
        engine.dispose()


def test_statements_prepare_nothing_that_another_session_lacks(pooled: Engine) -> None:
    """More clients than server connections, each asking the same again and again, all at once."""
    statement = text("SELECT pg_backend_pid() AS pid, :n + 1 AS more, current_setting('TimeZone') AS zone")
    met: set[int] = set()
    with ExitStack() as open_connections:
        clients = [open_connections.enter_context(single_statements(pooled).connect()) for _ in range(8)]
        for number in range(12):
            rows = [fetch_one(client, statement, {"n": number}) for client in clients]
            rows += [client.execute(statement, {"n": number}).one() for client in clients]
            assert {(row.more, row.zone) for row in rows} == {(number + 1, "UTC")}
            with pooled.begin() as first, pooled.begin() as second:  # so that more than one is in use
                met |= {row.execute(statement, {"n": 0}).one().pid for row in (first, second)}
    assert len(met) > 1, "the pooler had clients share several sessions"


def test_turns_land_behind_a_pooler(pooled: Engine, services: Services, worker: Context) -> None:
    here = replace(worker, engine=pooled, lander=replace(worker.lander, engine=pooled))
    people = People.arrive(replace(services, database=pooled), workflow=WORKFLOW)
    for _ in range(8):
        started = people.visitor_writes()
        assert started is not None
        landed = turn.run(here, started)
        assert landed is not None
        assert landed.message_id is not None
        people.patch(status="pending")
    assert sweep.sweep(here) == 0
    assert sweep.sweep(here) == 0, "the sweeper's lock did not stay with a session"
    assert [one["status"] for one in people.turns()] == ["landed"] * 8
