"""Limits of one call of a model that no server can stretch: the moment at which it ends, and the bytes that it reads.

Owns the door that a model's connections go through. A client's own timeouts begin anew with every byte, so a server
that drips, be it headers, comments or half a line, would hold a turn for ever:
tests/unit/responder/test_deadline.py::test_no_drip_outlasts_the_limit.
"""

from __future__ import annotations

import select
import ssl
import threading
import time
from collections.abc import Iterable
from typing import Any

import httpcore2

MOST_BYTES = 16 * 1024 * 1024  # of one answer, many times what its text may hold; a line without end stops here
READ_BYTES = 4096  # at once
FOREVER = float("inf")


class _Current(threading.local):
    """This thread's call. The client reads and writes in the thread that calls it."""

    until: float = FOREVER
    bytes_left: int = MOST_BYTES


_current = _Current()


class Deadline:
    """Inside its block every wait of this thread's calls through the door ends at `until`, on the monotonic clock."""

    __slots__ = ("_until",)

    def __init__(self, until: float) -> None:
        self._until = until

    def __enter__(self) -> None:
        _current.until, _current.bytes_left = self._until, MOST_BYTES

    def __exit__(self, *_: object) -> None:
        _current.until = FOREVER


def extended(until: float) -> None:
    """The call may go on until then: it has begun to answer."""
    _current.until = until


class Door(httpcore2.NetworkBackend):
    """Makes connections as `inner` does, on which no wait outlasts this thread's deadline."""

    def __init__(self, inner: httpcore2.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        wait = _left(timeout, httpcore2.ConnectTimeout)
        return _Limited(self._inner.connect_tcp(host, port, wait, local_address, socket_options))

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore2.NetworkStream:
        wait = _left(timeout, httpcore2.ConnectTimeout)
        return _Limited(self._inner.connect_unix_socket(path, wait, socket_options))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


class _Limited(httpcore2.NetworkStream):
    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._wait(_left(timeout, httpcore2.ReadTimeout))
        data = self._stream.read(min(max_bytes, READ_BYTES), _left(timeout, httpcore2.ReadTimeout))
        _current.bytes_left -= len(data)
        if _current.bytes_left < 0:
            raise httpcore2.ReadError("the answer has no end")
        return data

    def _wait(self, seconds: float | None) -> None:
        """Until there is something to read. Reading waits as well, but with the memory for what may come in hand, of
        each of the turns that wait.
        """
        socket, within = self._stream.get_extra_info("socket"), self._stream.get_extra_info("ssl_object")
        if socket is None or isinstance(within, ssl.SSLObject):  # TLS through a proxy's TLS: nobody knows what is read
            return
        if within is not None and within.pending():
            return
        waiting = select.poll()
        waiting.register(socket, select.POLLIN)
        if not waiting.poll(None if seconds is None else seconds * 1000):
            raise httpcore2.ReadTimeout("timed out")

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        wait = _left(timeout, httpcore2.ConnectTimeout)
        return _Limited(self._stream.start_tls(ssl_context, server_hostname, wait))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    """The wait that is left, at most `timeout`. Raises `late` where there is none."""
    left = _current.until - time.monotonic()
    if left <= 0:
        raise late("the call's time is up")
    if left == FOREVER:
        return timeout
    return left if timeout is None else min(timeout, left)
