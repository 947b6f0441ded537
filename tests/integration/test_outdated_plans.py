"""A migration adds a column while the release before serves, whose statements were prepared without it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from inbox.database import connect, fetch_all, fetch_one, is_away, single_statements

ALL = text("SELECT v.* FROM (SELECT 1) AS one LEFT JOIN visitor v ON v.id = 0")
OFTEN = 8  # the driver prepares what it has sent five times


@pytest.fixture
def single(database_url: str) -> Iterator[Engine]:
    """One connection for single statements."""
    engine = connect(database_url, pool_size=1, bounded=True)
    yield engine
    engine.dispose()


def prepared(connection: Connection) -> int:
    asked = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'SELECT v.*%'")
    return int(connection.execute(asked).scalar_one())


def by_ours(connection: Connection) -> list[str]:
    return list((fetch_all(connection, ALL.text, {})[0]).keys())


def by_ours_for_one(connection: Connection) -> list[str]:
    return list(fetch_one(connection, ALL, {})._fields)


def by_sqlalchemy(connection: Connection) -> list[str]:
    return list(connection.execute(ALL).one()._fields)


@pytest.mark.parametrize("ask", [by_ours, by_ours_for_one, by_sqlalchemy])
def test_a_statement_goes_on(ask: Callable[[Connection], list[str]], single: Engine, engine: Engine) -> None:
    with single_statements(single).connect() as connection:
        for column in ("later", "still_later"):
            for _ in range(OFTEN):
                ask(connection)
            assert prepared(connection) == 1
            with engine.begin() as migrating:
                migrating.execute(text(f"ALTER TABLE visitor ADD COLUMN {column} text"))
            assert ask(connection)[-1] == column


def test_what_else_a_server_does_not_support_is_neither_sent_again_nor_its_being_away(single: Engine) -> None:
    with single_statements(single).connect() as connection:
        for _ in range(OFTEN):
            by_ours(connection)
        with pytest.raises(DBAPIError) as refused:
            fetch_one(connection, text("SELECT 1 UNION SELECT 2 FOR UPDATE"), {})
        assert not is_away(refused.value)
        assert prepared(connection) == 1


def test_a_transaction_is_refused_once_as_by_a_server_that_is_away(single: Engine, engine: Engine) -> None:
    for _ in range(OFTEN):
        with single.begin() as connection:
            connection.execute(ALL).one()
    with engine.begin() as migrating:
        migrating.execute(text("ALTER TABLE visitor ADD COLUMN later text"))
    with pytest.raises(DBAPIError) as refused, single.begin() as connection:
        connection.execute(ALL).one()
    assert is_away(refused.value)
    with single.begin() as connection:
        connection.execute(ALL).one()
