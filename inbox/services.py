"""What the inbox needs from outside itself, and the one place where a write is committed and then announced.

Owns the order "commit, then announce". Must not hold SQL.
Nothing is announced before the commit (I6): tests/integration/test_services.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection, Engine

from inbox.database import single_statements
from inbox.sending_again import anew
from inbox.turn_queue import Started, TurnQueue

T = TypeVar("T")


@dataclass
class Writing:
    """A write under way: the connection it uses and what is to be announced once it is committed."""

    connection: Connection
    turns: list[Started] = field(default_factory=list)

    def start_turn(self, turn_id: int | None, project_id: int | None = None) -> None:
        """Enqueue this turn after the commit; None is nothing to start. A visitor's turn comes with its project."""
        if turn_id is not None:
            self.turns.append((turn_id, project_id))


@dataclass(frozen=True)
class Services:
    """Handed to every route: the database, and whom to tell of what was committed."""

    database: Engine
    turn_queue: TurnQueue

    @contextmanager
    def statement(self) -> Iterator[Writing]:
        """For an act that is one statement: it commits by itself, then readers are woken and turns enqueued."""
        with single_statements(self.database).connect() as connection:
            writing = Writing(connection)
            yield writing
        self.turn_queue.announce(writing.turns)

    @contextmanager
    def transaction(self) -> Iterator[Writing]:
        """For several statements that count together; rolled back, and nothing announced, on any error."""
        with self.database.begin() as connection:
            writing = Writing(connection)
            yield writing
        self.turn_queue.announce(writing.turns)

    def together(self, work: Callable[[Writing], T]) -> T:
        """What the work comes to, of several statements that count together; done anew where a deadlock ended it.

        The work must leave nothing behind outside its transaction: tests/integration/test_deadlocks.py
        """

        def transaction() -> T:
            with self.transaction() as writing:
                return work(writing)

        return anew(transaction)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for reading; nothing is announced."""
        with single_statements(self.database).connect() as connection:
            yield connection
