"""The product's web process with the named points put in from outside.

Owns where the points are. Everything else is commands/web.py as it is.
"""

from __future__ import annotations

from gevent import monkey

if __name__ == "__main__":
    monkey.patch_all()

import inbox.api.answering
import inbox.hub
import inbox.idempotency
from commands.web import main
from inbox.hub import Hub
from jobs.queue import RqTurnQueue
from tests.chaos.points import after, before


def plant() -> None:
    """Put every point in."""
    after(inbox.idempotency, "_take", "keyed", bool)
    after(inbox.api.answering, "once", "stored")
    before(RqTurnQueue, "announce", "committed")
    after(RqTurnQueue, "announce", "announced")
    after(inbox.hub, "place", "placed")
    before(Hub, "_fan_out", "passing on")


if __name__ == "__main__":
    plant()
    main()
