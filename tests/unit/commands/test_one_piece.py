"""How an answer leaves: short ones in one piece, long ones without a copy, and every one whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gevent import socket
from gevent.pywsgi import WSGIServer

from commands.one_piece import SHORT_BYTES, OnePiece

HEAD_END = b"\r\n\r\n"


class Recorded:
    """A socket that notes what is written to it."""

    def __init__(self, taken: Any, written: list[bytes]) -> None:
        self._taken = taken
        self._written = written

    def sendall(self, data: bytes) -> None:
        self._written.append(bytes(data))
        self._taken.sendall(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._taken, name)


@pytest.fixture
def ask() -> Iterator[Callable[[list[bytes]], list[bytes]]]:
    """What a server writes whose view answers with these parts."""
    written: list[bytes] = []
    answer: list[bytes] = []

    class Recording(OnePiece):
        def __init__(self, taken: Any, *more: Any) -> None:
            super().__init__(Recorded(taken, written), *more)

    def view(_environ: Any, start_response: Any) -> Iterator[bytes]:
        start_response("200 OK", [("Content-Length", str(sum(map(len, answer))))])
        return iter(answer)

    server = WSGIServer(("127.0.0.1", 0), view, log=None, handler_class=Recording)
    server.start()

    def asked(parts: list[bytes]) -> list[bytes]:
        answer[:], written[:] = parts, []
        with socket.create_connection(server.address) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
            came = b"".join(iter(lambda: client.recv(65536), b""))
        assert came == b"".join(written)
        assert came.partition(HEAD_END)[2] == b"".join(parts)
        return list(written)

    yield asked
    server.stop()


def test_a_short_answer_is_one_piece(ask: Callable[[list[bytes]], list[bytes]]) -> None:
    assert len(ask([b"{}"])) == 1
    assert len(ask([])) == 1
    assert len(ask([b"one", b"two"])) == 2


def test_a_long_answer_is_not_copied(ask: Callable[[list[bytes]], list[bytes]]) -> None:
    head, body = ask([b"x" * (SHORT_BYTES + 1)])
    assert head.endswith(HEAD_END)
    assert len(body) == SHORT_BYTES + 1
