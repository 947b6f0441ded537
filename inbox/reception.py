"""Taking in what visitors send, in a rush together: one statement, one commit and one word to Redis for all of them.

Owns who is taken in with whom, and that what was stored is announced. What is stored is inbox/receiving.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy.exc import DBAPIError

from inbox.database import was_heard
from inbox.gathering import Gathering
from inbox.receiving import Coming, Receipt, receive, receive_several
from inbox.services import Services, Writing
from inbox.visiting import Visit

MOST_TOGETHER = 16  # more save little, and each holds its conversation for as long as all take
PATIENCE_SECONDS = 0.02  # ten times what one takes


class Reception:
    """One for each process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._gathering = Gathering(self._together, most=MOST_TOGETHER, seconds=PATIENCE_SECONDS)

    def take_in(self, coming: Coming, people_here: Callable[[Visit], bool]) -> Receipt:
        """Store a message and start its turn. Raises what receiving.receive raises."""

        def alone() -> Receipt:
            with self._services.statement() as writing:
                return _announced(writing, receive(writing.connection, coming, people_here))

        if coming.said.attachment_ids:
            return alone()
        return self._gathering.take(coming, alone)

    def _together(self, coming: Sequence[Coming]) -> Sequence[Receipt | None]:
        try:
            with self._services.statement() as writing:
                receipts = receive_several(writing.connection, coming)
                return [receipt and _announced(writing, receipt) for receipt in receipts]
        except DBAPIError as error:
            if not was_heard(error):
                raise
            return [None] * len(coming)  # nothing is stored, and by itself each hears why, or none of it


def _announced(writing: Writing, receipt: Receipt) -> Receipt:
    writing.start_turn(receipt.turn_id, receipt.message["project_id"])
    return receipt
