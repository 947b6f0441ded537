"""Connections to a model's server, of which each call has one to itself for as long as it waits.

Owns which of them are idle. httpx's own pool looks at every connection when a call begins and again when it ends; with
five hundred that wait, that was an eighth of a turn's processor time.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

import httpcore2
import httpx2

MOST_IDLE = 100  # what a rush leaves beyond these is closed at once


class Connections:
    """Stands in a transport in its pool's place. How one is made, through a proxy or not, the pool still says."""

    def __init__(self, pool: httpcore2.ConnectionPool) -> None:
        self._pool = pool
        self._idle: deque[httpcore2.ConnectionInterface] = deque()
        self._guard = threading.Lock()

    def handle_request(self, request: httpcore2.Request) -> httpcore2.Response:
        """The response; closing its stream gives the connection back."""
        connection = self._taken(request.url.origin)
        try:
            response = connection.handle_request(request)
        except BaseException:
            connection.close()
            raise
        lent = _Lent(cast(Iterable[bytes], response.stream), lambda: self._give_back(connection))
        return httpcore2.Response(
            response.status, headers=response.headers, content=lent, extensions=response.extensions
        )

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().close()

    def _taken(self, origin: httpcore2.Origin) -> httpcore2.ConnectionInterface:
        """The one that became idle last, if it still serves; else a new one."""
        while True:
            with self._guard:
                found = self._idle.pop() if self._idle else None
            if found is None:
                return self._pool.create_connection(origin)
            if found.can_handle_request(origin) and found.is_available() and not found.has_expired():
                return found
            found.close()

    def _give_back(self, connection: httpcore2.ConnectionInterface) -> None:
        """Keep it if it may serve again, and let those go that nobody took for too long."""
        if not connection.is_available():
            connection.close()
            return
        with self._guard:
            self._idle.append(connection)
            gone = [self._idle.popleft()] if len(self._idle) > MOST_IDLE else []
            while self._idle and self._idle[0].has_expired():
                gone.append(self._idle.popleft())
        for one in gone:
            one.close()


class _Lent:
    """A response's bytes, at whose end the connection goes back."""

    def __init__(self, stream: Iterable[bytes], give_back: Callable[[], None]) -> None:
        self._stream = stream
        self._give_back = give_back
        self._closed = False

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._stream
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            cast(Any, self._stream).close()
        finally:
            self._give_back()


def lending(client: httpx2.Client, through: Callable[[Any], Any] = lambda network: network) -> httpx2.Client:
    """The same client, its transports' pools lending in this way (also those through a proxy of the environment).

    `through` is the door that connections are made through. The client offers a place for neither, so its own
    transports are opened for it, here and nowhere else.
    """
    for transport in (client._transport, *client._mounts.values()):
        pool: Any = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = through(pool._network_backend)
            cast(Any, transport)._pool = Connections(pool)
    return client
