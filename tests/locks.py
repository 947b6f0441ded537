"""Interleavings without sleeps: knowing when a session of the test's database waits for a lock.

Owns that question to PostgreSQL.
"""

from __future__ import annotations

import threading

from sqlalchemy import text

from inbox.services import Services

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
TRIES = 6_000
PAUSE_SECONDS = 0.01


def until_waiting(services: Services, sessions: int) -> None:
    """Return once so many sessions wait for a lock. Raises TimeoutError after a minute."""
    pause = threading.Event()
    for _ in range(TRIES):
        with services.reading() as connection:
            if connection.execute(WAITING).scalar_one() >= sessions:
                return
        pause.wait(PAUSE_SECONDS)
    raise TimeoutError(f"{sessions} sessions were to wait for a lock")
