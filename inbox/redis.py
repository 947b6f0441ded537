"""The connection to Redis or Valkey, for everything that can go on without it.

Owns how long anybody waits for it: hardly at all.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from typing import Any, cast
from urllib.parse import unquote, urlsplit

from redis import Redis
from redis.backoff import NoBackoff
from redis.connection import ConnectionInterface, ConnectionPool
from redis.exceptions import ConnectionError, NoScriptError, ResponseError, TimeoutError
from redis.retry import Retry
from redis.sentinel import Sentinel

from inbox.arrived import anything_at

SENTINEL_PORT = 26379
TOGETHER = 30  # commands that have time
READ_BYTES = 4096  # at once; each connection holds so much for it, and a rush opens thirty


class Patience(Retry):
    """One more try for a connection that a restart has cut; none for an answer that did not come.

    After such a silence everybody is refused at once for `rest_seconds`: an act asks Redis several times, and each
    would wait anew. One for the whole client: tests/integration/test_outages.py::test_a_silent_redis_is_waited_for_once
    """

    def __init__(self, rest_seconds: float) -> None:
        super().__init__(NoBackoff(), 1, supported_errors=(ConnectionError,))
        self._rest_seconds = rest_seconds
        self._resting_until = 0.0

    def __deepcopy__(self, memo: Any) -> Patience:
        return self

    def call_with_retry(self, do: Callable[[], Any], fail: Callable[..., Any], *more: Any, **named: Any) -> Any:
        """redis-py's own, unless Redis was silent a moment ago."""
        if time.monotonic() < self._resting_until:
            raise TimeoutError("Redis did not answer a moment ago.")
        try:
            return super().call_with_retry(do, fail, *more, **named)
        except TimeoutError:
            self._resting_until = time.monotonic() + self._rest_seconds
            raise


def clock(redis: Redis) -> float:
    """The time by Redis's own clock, in seconds: what one process writes down another reads, on a machine whose clock
    need not be right.
    """
    seconds, microseconds = cast(tuple[int, int], redis.time())
    return seconds + microseconds / 1_000_000


class Pool(ConnectionPool):
    """Gives out the connection that came back last, and keeps those by itself: redis-py's own way to lend and take back
    costs as much as the command.

    One that was cut, or on which an answer came that nobody read, is opened anew.
    """

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._idle: list[Any] = []  # connections, which redis-py leaves untyped

    def get_connection(self, command_name: str | None = None, *keys: Any, **options: Any) -> Any:
        """One that is free, else a new one."""
        try:
            connection = self._idle.pop()
        except IndexError:
            return super().get_connection()
        if connection.pid != os.getpid():  # of the process that this one was forked from, like all others here
            self._idle.clear()
            return super().get_connection()
        if _is_spent(connection):
            connection.disconnect()  # the command connects
        return connection

    def release(self, connection: ConnectionInterface) -> None:
        """It is free again."""
        self._idle.append(connection)


class Call:
    """A script that Redis runs, asked straight on a connection: redis-py's way there costs as much as the call."""

    def __init__(self, redis: Redis, source: str) -> None:
        self._pool: Any = redis.connection_pool
        self._source = source
        self._digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        """The script's answer. Raises RedisError."""
        connection = self._pool.get_connection()
        try:
            return connection.retry.call_with_retry(
                lambda: self._ask(connection, keys, arguments), lambda _error: connection.disconnect()
            )
        finally:
            self._pool.release(connection)

    def _ask(self, connection: Any, keys: Sequence[str], arguments: Sequence[Any]) -> Any:
        asked = (self._digest, len(keys), *keys, *arguments)
        connection.send_command("EVALSHA", *asked)
        try:
            return connection.read_response()
        except NoScriptError:  # a Redis that has just been started: it keeps the script from now on
            connection.send_command("EVAL", self._source, *asked[1:])
            return connection.read_response()


class Unheard:
    """Commands that Redis answers nothing to, so that nobody waits for it: hints, which may get lost.

    On connections of their own, which it is told to be silent on. Where an installation forbids that (`CLIENT REPLY`),
    its answers are read before the next command, and tell nothing.
    """

    def __init__(self, redis: Redis) -> None:
        self._pool: Any = redis.connection_pool
        self._idle: list[Any] = []
        self._later: list[Sequence[Any]] = []

    def __call__(self, *command: Any) -> None:
        """Send it, after those that had time. Raises RedisError where that cannot be; whether Redis has done it is not
        known.
        """
        later, self._later = self._later, []
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._opened()
        if connection.pid != os.getpid() or not _is_quiet(connection):
            connection.disconnect()
            connection = self._opened()
        connection.send_packed_command(connection.pack_commands([*later, command]))
        self._idle.append(connection)

    def later(self, *command: Any) -> None:
        """Send it with the next one, which costs next to nothing: at the latest when TOGETHER wait. Raises
        RedisError.
        """
        if len(self._later) < TOGETHER - 1:
            self._later.append(command)
        else:
            self(*command)

    def _opened(self) -> Any:
        connection = self._pool.make_connection()
        connection.health_check_interval = 0  # it would wait for an answer
        connection.connect()
        connection.send_command("CLIENT", "REPLY", "ON")  # which is answered in either case
        connection.answers = _answered(connection) is None
        if not connection.answers:
            connection.send_command("CLIENT", "REPLY", "OFF")
        return connection


def _answered(connection: Any) -> Any:
    """Its next answer; None for a refusal."""
    try:
        return connection.read_response(disable_decoding=True)
    except ResponseError:
        return None


def _is_quiet(connection: Any) -> bool:
    """Whether nothing has arrived that should not, nor its end; where answers arrive, they are read."""
    if not connection.answers:
        return not _is_spent(connection)
    try:
        while connection.can_read(timeout=0):
            _answered(connection)
    except ConnectionError:
        return False
    return True


def _is_spent(connection: Any) -> bool:
    """Whether its end has arrived, or an answer that nobody read."""
    return connection._sock is not None and anything_at(connection._sock.fileno())


def redis_client(url: str, *, patience_seconds: float = 5.0, rest_seconds: float = 0.0) -> Redis:
    """A client that gives up at once when Redis is away. `valkey://` addresses are taken as well, and
    `redis+sentinel://host:port,host:port/service/0`.

    A Redis that is there and does not answer is waited for once, `patience_seconds` long, and then by nobody for
    `rest_seconds`.
    """
    options: dict[str, Any] = {
        "socket_connect_timeout": 0.5,
        "socket_timeout": patience_seconds,
        "retry": Patience(rest_seconds),
        "health_check_interval": 30,
        "socket_read_size": READ_BYTES,
    }
    scheme, separator, rest = url.partition("://")
    if scheme == "redis+sentinel":
        return _by_sentinels(url, options)
    known = {"valkey": "redis", "valkeys": "rediss"}.get(scheme, scheme)
    return Redis.from_pool(Pool.from_url(known + separator + rest, **options))


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
