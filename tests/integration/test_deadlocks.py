"""Two who lock the same rows in another order: PostgreSQL ends one of them, which is sent again and happens."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import OperationalError

from inbox.database import fetch_one, single_statements
from inbox.services import Services, Writing
from tests.integration.callers import House
from tests.locks import until_waiting

BOTH = text("SELECT count(*) FROM (SELECT id FROM visitor ORDER BY id FOR UPDATE) AS locked")
ONE = text("SELECT 1 FROM visitor WHERE id = (SELECT id FROM visitor ORDER BY id OFFSET :place LIMIT 1) FOR UPDATE")


def by_sqlalchemy(connection: Connection) -> Any:
    return connection.execute(BOTH).scalar_one()


def by_ours(connection: Connection) -> Any:
    return fetch_one(connection, BOTH, {}).count


@pytest.mark.parametrize("ask", [by_sqlalchemy, by_ours])
def test_a_statement_that_met_another_half_way_is_sent_again(
    house: House, services: Services, engine: Engine, ask: Callable[[Connection], Any]
) -> None:
    def one_after_the_other() -> Any:
        with single_statements(engine).connect() as connection:
            return ask(connection)

    assert met_half_way(house, services, engine, one_after_the_other) == 2


def test_a_transaction_that_met_another_half_way_is_done_anew(house: House, services: Services, engine: Engine) -> None:
    done = []

    def work(writing: Writing) -> Any:
        done.append(writing.connection.execute(text("SELECT count(*) FROM visitor")).scalar_one())
        return by_ours(writing.connection)

    assert met_half_way(house, services, engine, lambda: services.together(work)) == 2
    assert done == [2, 2], "from its begin"


def test_what_else_ends_a_transaction_is_told_and_not_done_anew(house: House, services: Services) -> None:
    house.visit()
    done = []

    def work(writing: Writing) -> Any:
        done.append(writing.connection.execute(text("SET LOCAL lock_timeout = 1")))
        return by_ours(writing.connection)

    with services.transaction() as holding:
        holding.connection.execute(BOTH)
        with pytest.raises(OperationalError):
            services.together(work)
    assert len(done) == 1


def met_half_way(house: House, services: Services, engine: Engine, act: Callable[[], Any]) -> Any:
    """What the act comes to, which locks one visitor after the other while somebody has the other and wants the one."""
    for _ in range(2):
        house.visit()
    with ThreadPoolExecutor(1) as other, engine.begin() as connection:
        connection.execute(text("SET LOCAL deadlock_timeout = '1min'"))  # so that it is the other who is ended
        connection.execute(ONE, {"place": 1})
        waiting = other.submit(act)
        until_waiting(services, 1)
        connection.execute(ONE, {"place": 0})
        connection.commit()
        return waiting.result(timeout=60)
