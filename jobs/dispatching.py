"""Which webhooks have something to be sent: woken by every commit, and by a clock where the wake-up was lost.

Owns finding them and putting a job for each into the queue. Everything is read from PostgreSQL, so a Redis that was
emptied costs one tick and no delivery. Every worker does this; a second job for a webhook does no harm.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import text

from inbox.database import single_statements
from inbox.events import UNPLACED, place
from inbox.wake import CHANNEL
from jobs.context import Context
from jobs.delivering import AWAKE, READY
from jobs.delivery_queue import DeliveryQueue

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.25  # between two looks, however often it is woken

ANY = text("SELECT EXISTS (SELECT 1 FROM webhook WHERE enabled)")
NEEDING = text(
    f"""
SELECT w.id FROM webhook w
WHERE w.enabled AND (w.worked_until IS NULL OR w.worked_until < clock_timestamp())
  AND (EXISTS (SELECT 1 FROM change ch WHERE ch.project_id = w.project_id AND ch.position > w.position)
    OR {AWAKE} AND EXISTS (SELECT 1 FROM webhook_delivery d WHERE d.webhook_id = w.id AND {READY}))
ORDER BY w.id
"""
)


def dispatch(here: Context, queue: DeliveryQueue) -> int:
    """Put a job into the queue for each webhook that has something to be sent; returns how many need one."""
    with single_statements(here.engine).connect() as connection:
        if not connection.execute(ANY).scalar_one():
            return 0
        if connection.execute(UNPLACED).scalar_one():
            place(here.engine)
        needing = [row.id for row in connection.execute(NEEDING)]
    if needing:
        queue.enqueue(needing)
    return len(needing)


def dispatch_for_ever(here: Context, stopped: threading.Event) -> None:
    """Look after every commit, and at least as often as the sweeper. An outage costs a look, never the thread."""
    queue = DeliveryQueue(here.redis)
    while not stopped.is_set():
        try:
            with here.redis.pubsub(ignore_subscribe_messages=True) as channel:  # type: ignore[no-untyped-call]  # redis-py
                channel.subscribe(CHANNEL)
                while not stopped.is_set():
                    dispatch(here, queue)
                    stopped.wait(PAUSE_SECONDS)
                    _wait_for_wake(channel, here.settings.sweep_seconds)
        except (RedisError, OSError) as error:
            log.warning("Webhooks wait: Redis does not answer (%s).", error)
            stopped.wait(here.settings.sweep_seconds)
        except Exception as error:
            log.warning("Webhooks wait, and will be looked at again: %s", error)
            stopped.wait(here.settings.sweep_seconds)


def _wait_for_wake(channel: Any, seconds: float) -> None:
    """Until something was committed, or so long. All that was announced by then is one wake-up."""
    if channel.get_message(timeout=seconds) is not None:
        while channel.get_message(timeout=0) is not None:
            pass
