"""Keeping the leases of the turns that this process holds, all in one statement.

Owns the list of held turns and the thread that extends them. Must not end a turn: a lease that lapses is the
sweeper's business, and the fence keeps a late landing out.
"""

from __future__ import annotations

import logging
import threading

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from inbox.database import single_statements
from jobs.claim import extend
from jobs.values import Claimed

log = logging.getLogger(__name__)
BEATS_PER_LEASE = 3  # two beats may fail before a lease lapses


class Holding:
    """A block in which a lease is kept. As a function with a `yield` each waiting turn would hold six times as much."""

    __slots__ = ("_claimed", "_keeper")

    def __init__(self, keeper: LeaseKeeper, claimed: Claimed) -> None:
        self._keeper = keeper
        self._claimed = claimed

    def __enter__(self) -> None:
        self._keeper.hold(self._claimed)

    def __exit__(self, *_: object) -> None:
        self._keeper.let_go(self._claimed)


class LeaseKeeper:
    """Extends the lease of every turn held through `holding`. One thread, started with the first turn."""

    def __init__(self, engine: Engine, lease_seconds: float) -> None:
        self._engine = single_statements(engine)
        self._lease_seconds = lease_seconds
        self._held: dict[int, Claimed] = {}
        self._lost: set[int] = set()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None

    def holding(self, claimed: Claimed) -> Holding:
        """Keep this turn's lease alive inside the block."""
        return Holding(self, claimed)

    def hold(self, claimed: Claimed) -> None:
        """Keep this turn's lease alive from now on."""
        with self._guard:
            self._held[claimed.turn_id] = claimed
            self._lost.discard(claimed.turn_id)
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat_for_ever, name="lease keeper", daemon=True)
                self._thread.start()

    def let_go(self, claimed: Claimed) -> None:
        """No more, unless the turn has been claimed anew here meanwhile."""
        with self._guard:
            if self._held.get(claimed.turn_id) is claimed:
                del self._held[claimed.turn_id]
            self._lost.discard(claimed.turn_id)

    def held(self) -> list[Claimed]:
        """The turns held now."""
        with self._guard:
            return list(self._held.values())

    def is_lost(self, claimed: Claimed) -> bool:
        """Whether the last beat found that the turn is no longer ours (stopped, taken over, claimed again)."""
        return claimed.turn_id in self._lost

    def beat(self) -> None:
        """Extend all leases once."""
        held = {claimed.turn_id: claimed.attempt for claimed in self.held()}
        if not held:
            return
        with self._engine.connect() as connection:
            ours = extend(connection, held, lease_seconds=self._lease_seconds)
        with self._guard:
            self._lost |= {turn_id for turn_id in held if turn_id not in ours and turn_id in self._held}

    def _beat_for_ever(self) -> None:
        tick = threading.Event()
        while not tick.wait(self._lease_seconds / BEATS_PER_LEASE):
            try:
                self.beat()
            except SQLAlchemyError:  # no connection was free in time, or none is to be had
                log.warning("The leases of turns could not be extended; the database does not answer.")
