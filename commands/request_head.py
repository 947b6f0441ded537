"""The head of a request: its fields, each on a line of its own, as RFC 9112 has them and no more leniently.

Owns reading them. Python's own reader, which gevent would use, is made for e-mails: it takes longer than many a view,
and passes over a line that is no field. A proxy in front may read such a line as something else, so here it is refused:
tests/unit/commands/test_request_head.py

So is whatever leaves open where the body ends. gevent takes a coding that it does not know for none, and the body for
the next request, which a proxy would never have let through:
tests/integration/test_outlet.py::test_a_body_whose_end_is_not_clear_is_no_request
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator, Sequence
from typing import IO, Any

from gevent.pywsgi import WSGIHandler

LONGEST_LINE_BYTES = 64 * 1024
MOST_FIELDS = 100
# In which a client neither sends nor takes anything; then its connection is closed. Longer than proxies keep one that
# they may use again (nginx: 60 s), so that none is closed under a request. Streams have their own (commands/outlet.py).
SILENT_SECONDS = 75.0
TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
REQUEST = re.compile(rf"{TOKEN} [^\0- \x7f]+ HTTP/1\.[01]\r?\n")
FIELD = re.compile(rb"(%b):([^\0\r\n]*)\r?\n" % TOKEN.encode())


def _refusal(status: str, code: str, message: str) -> bytes:
    """The whole answer to what is no request: as the API says an error, for whose it was nobody can know."""
    body = json.dumps({"error": {"code": code, "message": message}}) + "\n"
    head = f"Content-Type: application/json\r\nX-Content-Type-Options: nosniff\r\nContent-Length: {len(body)}\r\n"
    return f"HTTP/1.1 {status}\r\nConnection: close\r\n{head}\r\n{body}".encode()


REFUSALS = {
    "400": _refusal("400 Bad Request", "bad_request", "The request is not written as HTTP has it."),
    "414": _refusal("414 Request URI Too Long", "request_uri_too_long", "The address is longer than 8 KiB."),
}


class Head:
    """What gevent's handler asks of the fields."""

    status = ""  # nothing is wrong with them: else there would be no Head

    def __init__(self, fields: list[tuple[str, str]]) -> None:
        self._fields = fields
        self._first: dict[str, str] = {}
        for name, value in fields:
            self._first.setdefault(name.lower(), value)

    def get(self, name: str, default: str | None = None) -> str | None:
        """The first field of that name, however it is written."""
        return self._first.get(name.lower(), default)

    getheader = get

    @property
    def typeheader(self) -> str | None:
        """The Content-Type."""
        return self.get("content-type")

    @property
    def headers(self) -> Iterator[str]:
        """The lines, in their order."""
        return (f"{name}: {value}\r\n" for name, value in self._fields)

    def __delitem__(self, name: str) -> None:
        self._first.pop(name.lower(), None)


class StrictHead(WSGIHandler):  # type: ignore[misc]  # gevent has no types
    """gevent's handler, with heads of this kind, of clients that go on sending them."""

    def __init__(self, client: socket.socket, *others: Any) -> None:
        client.settimeout(SILENT_SECONDS)
        super().__init__(client, *others)

    def handle_one_request(self) -> Any:
        """As gevent does; a refusal, which it would answer with nothing but its status, in words."""
        done = super().handle_one_request()
        return (done[0], REFUSALS[done[0]]) if isinstance(done, tuple) else done

    def MessageClass(self, stream: IO[bytes], *_seekable: object) -> Head:  # noqa: N802  # gevent's name
        """The head that comes next. Raises ValueError, which gevent answers with 400."""
        try:
            return Head(list(_fields(stream)))
        except OSError as error:
            raise ValueError("the rest of the head did not come") from error

    def read_request(self, raw_requestline: str) -> bool:
        """As gevent does, of what is a request. Raises ValueError, which it answers with 400."""
        if not REQUEST.fullmatch(raw_requestline):
            raise ValueError("the first line is no request")
        read = bool(super().read_request(raw_requestline))
        if self.request_version == "HTTP/1.1" and self.headers.get("host") is None:
            raise ValueError("the head names no host")
        if self.request_version == "HTTP/1.0" and self.headers.get("transfer-encoding") is not None:
            raise ValueError("HTTP/1.0 has no codings: the length of the body is not clear")
        return read


def _fields(stream: IO[bytes]) -> Iterator[tuple[str, str]]:
    framing: dict[str, list[str]] = {"content-length": [], "transfer-encoding": [], "host": []}
    for _ in range(MOST_FIELDS + 1):
        line = stream.readline(LONGEST_LINE_BYTES)
        if line in (b"\r\n", b"\n"):
            break
        field = FIELD.fullmatch(line)
        if field is None:
            raise ValueError("a line of the head is no field")
        name, value = field[1].decode("ascii"), field[2].strip(b" \t").decode("latin-1")
        if name.lower() in framing:
            framing[name.lower()].append(value)
        yield name, value
    else:
        raise ValueError("too many fields")
    _require_clear(framing["content-length"], framing["transfer-encoding"], framing["host"])


def _require_clear(lengths: Sequence[str], codings: Sequence[str], hosts: Sequence[str]) -> None:
    """Raise ValueError where whoever reads the same head might find another end of the body, or another host."""
    if len(set(lengths)) > 1 or not all(length.isascii() and length.isdecimal() for length in lengths):
        raise ValueError("the length of the body is not clear")
    if codings and (lengths or [coding.lower() for coding in codings] != ["chunked"]):
        raise ValueError("the length of the body is not clear: it comes in chunks and in nothing else, or has a length")
    if len(hosts) > 1:
        raise ValueError("the head names more than one host")
