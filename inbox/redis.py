"""The connection to Redis or Valkey, for everything that can go on without it.

Owns how long anybody waits for it: hardly at all.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError
from redis.retry import Retry
from redis.sentinel import Sentinel

SENTINEL_PORT = 26379


def redis_client(url: str, *, patience_seconds: float = 5.0) -> Redis:
    """A client that gives up at once when Redis is away. `valkey://` addresses are taken as well, and
    `redis+sentinel://host:port,host:port/service/0`.

    A Redis that is there and does not answer is waited for once, `patience_seconds` long.
    """
    options: dict[str, Any] = {
        "socket_connect_timeout": 0.5,
        "socket_timeout": patience_seconds,
        # One more try for a connection that a restart has cut; none for an answer that did not come.
        "retry": Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),
        "health_check_interval": 30,
    }
    scheme, separator, rest = url.partition("://")
    if scheme == "redis+sentinel":
        return _by_sentinels(url, options)
    known = {"valkey": "redis", "valkeys": "rediss"}.get(scheme, scheme)
    return Redis.from_url(known + separator + rest, **options)


def _by_sentinels(url: str, options: dict[str, Any]) -> Redis:
    """The primary that the sentinels name, asked again at every new connection, so after a failover too."""
    parts = urlsplit(url)
    service, _, number = parts.path.strip("/").partition("/")
    hosts = []
    for one in parts.netloc.rpartition("@")[2].split(","):
        host, _, port = one.partition(":")
        hosts.append((host, int(port or SENTINEL_PORT)))
    asking = {"socket_connect_timeout": 0.5, "socket_timeout": 0.5}
    options |= {name: unquote(value) for name in ("username", "password") if (value := getattr(parts, name))}
    sentinel: Any = Sentinel(hosts, sentinel_kwargs=asking)  # type: ignore[no-untyped-call]  # redis-py's own
    client: Redis = sentinel.master_for(service, db=int(number or 0), **options)
    return client
