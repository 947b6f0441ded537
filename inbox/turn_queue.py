"""The door through which the inbox starts turns without knowing how they run.

Owns the interface only. app.py fills it with the RQ queue, tests with a list.
"""

from __future__ import annotations

from typing import Protocol


class TurnQueue(Protocol):
    """Hands a turn's id to whoever runs turns. Called after the commit that made the turn, never before."""

    def enqueue(self, turn_id: int, *, project_id: int | None = None) -> None:
        """Never raises for a queue that is away: the turn row is the truth and the sweeper finds it.

        Of a known project no more than its fair share goes before the others' turns.
        """
