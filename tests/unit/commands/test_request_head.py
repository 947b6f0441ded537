"""The head of a request is read as Python's own reader does where it is one, and refused where it is none."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any, cast

import pytest
from gevent import socket
from gevent.pywsgi import WSGIServer, headers_factory
from hypothesis import given
from hypothesis import strategies as st

from commands import request_head
from commands.request_head import LONGEST_LINE_BYTES, MOST_FIELDS, Head, StrictHead

NAMES = st.sampled_from(["Accept", "accept", "Cookie", "Authorization", "X-Tandem-Replay", "under_score", "Connection"])
# Without a line's ends and what Python's reader of e-mails takes for more of them.
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=30)
FIELDS = st.lists(st.tuples(NAMES, VALUES), max_size=12)


def read(lines: str) -> Head:
    return StrictHead.MessageClass(cast(Any, SimpleNamespace()), io.BytesIO(lines.encode("latin-1")), 0)


@given(FIELDS)
def test_a_head_is_read_as_by_pythons_own_reader(fields: list[tuple[str, str]]) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields) + "Content-Length: 3\r\n\r\n"
    ours, theirs = read(lines), headers_factory(io.BytesIO(lines.encode("latin-1")), 0)
    assert [line.split() for line in ours.headers] == [line.split() for line in theirs.headers]
    for name, _ in [*fields, ("CONTENT-LENGTH", ""), ("Content-Type", "")]:
        assert (ours.get(name) or "").split() == (theirs.get(name) or "").split()
    assert (ours.typeheader, ours.status) == (None, "")


@pytest.mark.parametrize(
    "lines",
    [
        "Host: here\r\nno field\r\n\r\n",
        "Host: here\r\n and more\r\n\r\n",  # a fold
        "Host : here\r\n\r\n",
        ": here\r\n\r\n",
        "Ho st: here\r\n\r\n",
        "Host: he\rre\r\n\r\n",
        "Host: he\0re\r\n\r\n",
        "Content-Length: 3\r\ncontent-length: 4\r\n\r\n",
        "Content-Length: 3, 3\r\n\r\n",
        "Content-Length: +3\r\n\r\n",
        "Content-Length: 3_0\r\n\r\n",
        "Content-Length:\r\n\r\n",
        "Transfer-Encoding: gzip, chunked\r\n\r\n",
        "Transfer-Encoding: xchunked\r\n\r\n",
        "Transfer-Encoding:\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
        "Host: here\r\nhost: there\r\n\r\n",
        "Host: cut off\r\n",
        "Host: " + "x" * LONGEST_LINE_BYTES + "\r\n\r\n",
        "X: y\r\n" * (MOST_FIELDS + 1) + "\r\n",
    ],
)
def test_what_is_no_head_is_refused(lines: str) -> None:
    with pytest.raises(ValueError, match=r"head|fields|length|host"):
        read(lines)


def test_the_most_that_a_head_may_hold() -> None:
    longest = "X: " + "x" * (LONGEST_LINE_BYTES - len("X: \r\n")) + "\r\n"
    assert len(list(read("X: y\r\n" * (MOST_FIELDS - 1) + longest + "\r\n").headers)) == MOST_FIELDS


def test_a_field_can_be_taken_out() -> None:
    head = read("Transfer-Encoding: Chunked\r\nX: y\r\n\r\n")
    del head["x"]
    assert (head.get("X"), head.getheader("transfer-encoding")) == (None, "Chunked")


@pytest.mark.parametrize(
    "said",
    [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: he", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx"],
)
def test_who_falls_silent_is_let_go(monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    """Before a request, in its head and in its body: nobody holds a connection by saying nothing."""
    monkeypatch.setattr(request_head, "SILENT_SECONDS", 0.1)

    def view(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        with pytest.raises(TimeoutError):
            environ["wsgi.input"].read()
        start_response("400 Bad Request", [])
        return []

    server = WSGIServer(("127.0.0.1", 0), view, log=None, error_log=None, handler_class=StrictHead)
    server.start()
    with socket.create_connection(server.address, timeout=10) as client:
        client.sendall(said)
        came = b"".join(iter(lambda: client.recv(65536), b""))
    server.stop()
    assert came[:12] in (b"", b"HTTP/1.1 400")
