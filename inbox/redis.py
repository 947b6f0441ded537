"""The connection to Redis or Valkey, for everything that can go on without it.

Owns how long anybody waits for it: hardly at all.
"""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError
from redis.retry import Retry


def redis_client(url: str, *, patience_seconds: float = 5.0) -> Redis:
    """A client that gives up at once when Redis is away. `valkey://` addresses are taken as well.

    A Redis that is there and does not answer is waited for once, `patience_seconds` long.
    """
    scheme, separator, rest = url.partition("://")
    known = {"valkey": "redis", "valkeys": "rediss"}.get(scheme, scheme)
    return Redis.from_url(
        known + separator + rest,
        socket_connect_timeout=0.5,
        socket_timeout=patience_seconds,
        # One more try for a connection that a restart has cut; none for an answer that did not come.
        retry=Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),
        health_check_interval=30,
    )
