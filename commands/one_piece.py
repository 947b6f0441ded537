"""A short answer leaves in one piece: head and body are one call of the kernel, one packet, and wake the client once.

Owns that alone. gevent writes the head first and the body after it, for a long body would have to be copied; of a short
one the copy costs nothing beside the second call.
"""

from __future__ import annotations

from gevent.pywsgi import WSGIHandler

SHORT_BYTES = 64 * 1024


class OnePiece(WSGIHandler):  # type: ignore[misc]  # gevent has no types
    """gevent's handler, except for that."""

    _held: bytearray | None = None  # what is written while the head is made

    def _write_with_headers(self, data: bytes) -> None:
        if len(data) > SHORT_BYTES:
            super()._write_with_headers(data)
            return
        held = self._held = bytearray()
        try:
            super()._write_with_headers(data)
        finally:
            self._held = None
        self._sendall(held)

    def _sendall(self, data: bytes | bytearray) -> None:
        if self._held is None:
            super()._sendall(data)
        else:
            self._held += data
