"""The connection to Redis or Valkey, for everything that can go on without it.

Owns how long anybody waits for it: hardly at all.
"""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry


def redis_client(url: str) -> Redis:
    """A client that gives up at once when Redis is away. `valkey://` addresses are taken as well."""
    scheme, separator, rest = url.partition("://")
    known = {"valkey": "redis", "valkeys": "rediss"}.get(scheme, scheme)
    return Redis.from_url(
        known + separator + rest,
        socket_connect_timeout=0.5,
        socket_timeout=5.0,
        retry=Retry(NoBackoff(), 1),
        health_check_interval=30,
    )
