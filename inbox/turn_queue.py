"""The door through which the inbox says what it has committed, without knowing who runs turns or reads events.

Owns the interface only. app.py fills it with the RQ queue, tests with a list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

Started = tuple[int, int | None]  # a turn's id, and its project's where that is known


class TurnQueue(Protocol):
    """Told once of every write. Called after the commit, never before."""

    def announce(self, turns: Sequence[Started]) -> None:
        """Wake the readers of the event streams, and hand these turns to whoever runs them.

        Of a known project no more than its fair share goes before the others' turns. Never raises for a queue that is
        away: the turn row is the truth, the sweeper finds it, and readers look by themselves.
        """
