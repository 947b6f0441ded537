"""Nothing is announced before it is committed, and nothing that was rolled back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import Engine, text

from inbox.services import Services, Writing
from inbox.turn_queue import Started
from tests.people import People, writes


class Witness:
    """A queue that looks, with eyes of its own, whether what it is told of is there."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.seen: list[tuple[str, int]] = []

    def announce(self, turns: Sequence[Started]) -> None:
        """Something was committed, and perhaps a turn started."""
        self.seen.append(("wake", self._count("SELECT count(*) FROM message WHERE :id = 0", 0)))
        for turn_id, _project in turns:
            self.seen.append(("turn", self._count("SELECT count(*) FROM turn WHERE id = :id", turn_id)))

    def _count(self, statement: str, turn_id: int) -> int:
        with self.engine.connect() as connection:
            return int(connection.execute(text(statement), {"id": turn_id}).scalar_one())


@pytest.mark.parametrize("way", ["statement", "transaction"])
def test_after_the_commit(people: People, way: str) -> None:
    witness = Witness(people.services.database)
    services = Services(people.services.database, witness)
    with getattr(services, way)() as writing:
        received = writes(writing.connection, people.token, "Hello")
        writing.start_turn(received.turn_id)
        assert witness.seen == []
    assert witness.seen == [("wake", 1), ("turn", 1)]


@pytest.mark.parametrize("way", ["statement", "transaction"])
def test_not_after_a_failure(people: People, way: str) -> None:
    witness = Witness(people.services.database)
    services = Services(people.services.database, witness)
    with pytest.raises(ZeroDivisionError), getattr(services, way)() as writing:
        _fail(writing)
    assert witness.seen == []


def test_a_rolled_back_change_is_no_event(people: People) -> None:
    def logged() -> int:
        with people.services.reading() as connection:
            return int(connection.execute(text("SELECT count(*) FROM change")).scalar_one())

    before = logged()
    with pytest.raises(ZeroDivisionError), people.services.transaction() as writing:
        _fail(writing, writes(writing.connection, people.token, "Hello").turn_id)
    assert logged() == before


def _fail(writing: Writing, turn_id: int | None = 1) -> None:
    writing.start_turn(turn_id)
    raise ZeroDivisionError
