"""The RQ queue of webhooks that have something to be sent: a hint to workers, never the truth.

Owns its jobs' names. What is due is in the deliveries' rows (jobs/delivering.py), so whatever Redis forgets is enqueued
again by the next look (jobs/dispatching.py).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from redis import Redis
from rq import Queue

from jobs.queue import DELIVERIES, FAILURES_KEPT_SECONDS, JOB_TIMEOUT_SECONDS

DELIVER = "jobs.delivering.deliver"


class DeliveryQueue:
    """Webhooks that have something to be sent."""

    def __init__(self, redis: Redis) -> None:
        self._queue = Queue(DELIVERIES, connection=redis, default_timeout=JOB_TIMEOUT_SECONDS)

    def enqueue(self, webhooks: Iterable[int]) -> None:
        """A job for each of them for which none waits. Raises RedisError."""
        waiting = {name.rpartition("-")[0] for name in self._queue.get_job_ids()}
        for webhook_id in webhooks:
            name = f"webhook-{webhook_id}"
            if name not in waiting:
                self._queue.enqueue(
                    DELIVER,
                    webhook_id,
                    job_id=f"{name}-{uuid.uuid4().hex}",
                    result_ttl=0,
                    failure_ttl=FAILURES_KEPT_SECONDS,
                    description=f"deliveries of webhook {webhook_id}",
                )
