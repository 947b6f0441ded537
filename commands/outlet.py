"""Open event streams of the web process, written by whoever has something to tell: no greenlet stands behind them.

Owns a client's connection from the moment at which it has caught up. What the kernel does not take at once waits in the
listener, which is bounded, and goes out when the kernel asks for more; nobody waits for a client:
tests/integration/test_outlet.py. Must not know what is told.

The answer has neither a length nor chunks: HTTP/1.1 says that it lasts until the connection is closed (RFC 9112, 6.3),
and a proxy in front passes it on as it comes. A connection whose request was not read to its end is closed as well.
"""

from __future__ import annotations

import os
import socket
from typing import Any

import gevent

from commands.one_piece import OnePiece
from commands.request_head import StrictHead
from inbox.hub import TAKE_OVER, Hub
from inbox.listener import Listener

READ, WRITE = 1, 2  # libev's names for what a watcher waits for
KERNEL_BYTES = 128 * 1024  # that the kernel keeps of a client that does not read; on its own it would take megabytes
CATCH_UP_SECONDS = 10.0  # for a client to take a piece of what it missed
OF_THE_CONNECTION = frozenset({b"Connection", b"Transfer-Encoding"})
IGNORED_BYTES = 4096  # a client has nothing to say here


class Handler(OnePiece, StrictHead):
    """Lets a view hand its listener over; the request, its greenlet and its socket's buffers end with the head."""

    response_headers: list[tuple[bytes, bytes]]
    _taken: tuple[Hub, Listener] | None = None

    def get_environ(self) -> dict[str, Any]:
        """With the callable that takes a stream over."""
        environ: dict[str, Any] = super().get_environ()
        environ[TAKE_OVER] = self._take
        return environ

    def _take(self, hub: Hub, listener: Listener) -> None:
        self._taken = hub, listener

    def finalize_headers(self) -> None:
        """A stream that is taken over is not in chunks, and its connection serves nothing else.

        Nor does one on which a body still comes that nobody wanted: a proxy that stops sending it once it has the
        answer would send the next request as its rest (HAProxy 2.6 does), and somebody's request would be read as
        somebody else's body: tests/integration/test_outlet.py::test_an_unread_body_is_the_last_of_its_connection
        """
        super().finalize_headers()
        if self._taken is not None:
            self.response_use_chunked = False
        elif not self._is_body_unread():
            return
        self.close_connection = True
        others = [header for header in self.response_headers if header[0] not in OF_THE_CONNECTION]
        kept = [(b"Transfer-Encoding", b"chunked")] if self.response_use_chunked else []
        self.response_headers = [*others, *kept, (b"Connection", b"close")]

    def log_request(self) -> None:
        """No request is logged, so no line is made of it."""

    def _is_body_unread(self) -> bool:
        body = self.wsgi_input
        if body.chunked_input:
            return bool(body.chunk_length != 0)
        return bool(body.position < (body.content_length or 0))

    def handle_one_response(self) -> None:
        """Then what the client missed, while its greenlet still runs; then it is the outlet's."""
        super().handle_one_response()
        if self._taken is None:
            return
        self.close_connection = True
        if self.code == 200 and self.headers_sent:  # the code is negative for a client that has left already
            self._hand_over(*self._taken)

    def _hand_over(self, hub: Hub, listener: Listener) -> None:
        try:
            self.socket.settimeout(CATCH_UP_SECONDS)
            for frames in hub.missed(listener):
                self.socket.sendall(frames)
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, KERNEL_BYTES)
        except OSError:  # it left, or did not read
            hub.leave(listener)
        except BaseException:
            hub.leave(listener)
            raise
        else:
            Outlet(self.socket.detach(), hub, listener)


class Outlet:
    """One client's connection. Every method runs through without a switch to another greenlet."""

    __slots__ = ("_descriptor", "_hub", "_listener", "_reading", "_rest", "_writing")

    def __init__(self, descriptor: int, hub: Hub, listener: Listener) -> None:
        os.set_blocking(descriptor, False)
        self._descriptor = descriptor
        self._hub = hub
        self._listener = listener
        self._rest = b""
        self._writing: Any = None
        self._reading = gevent.get_hub().loop.io(descriptor, READ)
        self._reading.start(self._read)
        listener.told = self.write
        self.write()

    def write(self) -> None:
        """As much as the kernel takes of what waits; it says itself when it takes more."""
        if self._descriptor < 0:
            return
        if self._listener.ended:
            self._close()
        elif self._writing is None:
            self._write()

    def _write(self) -> None:
        while frames := self._rest or self._listener.next():
            try:
                self._rest = frames[os.write(self._descriptor, frames) :]
            except BlockingIOError:
                self._rest = frames
            except OSError:
                self._close()
                return
            if self._rest:
                self._writing = gevent.get_hub().loop.io(self._descriptor, WRITE)
                self._writing.start(self._write_on)
                return

    def _write_on(self) -> None:
        self._no_more(self._writing)
        self._writing = None
        self._write()

    def _read(self) -> None:
        """The client has gone, or says what nobody asked for."""
        try:
            gone = os.read(self._descriptor, IGNORED_BYTES) == b""
        except BlockingIOError:
            return
        except OSError:
            gone = True
        if gone:
            self._close()

    def _close(self) -> None:
        self._no_more(self._reading)
        if self._writing is not None:
            self._no_more(self._writing)
        os.close(self._descriptor)
        self._descriptor = -1
        # A greenlet of its own, for the event loop itself can wait for no lock.
        gevent.spawn(self._hub.leave, self._listener)

    @staticmethod
    def _no_more(watcher: Any) -> None:
        watcher.stop()
        watcher.close()
