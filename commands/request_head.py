"""The head of a request: its fields, each on a line of its own, as RFC 9112 has them and no more leniently.

Owns reading them. Python's own reader, which gevent would use, is made for e-mails: it takes longer than many a view,
and passes over a line that is no field. A proxy in front may read such a line as something else, so here it is refused:
tests/unit/commands/test_request_head.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from gevent.pywsgi import WSGIHandler

LONGEST_LINE_BYTES = 64 * 1024
MOST_FIELDS = 100
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):([^\0\r\n]*)\r?\n")


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
    """gevent's handler, with heads of this kind."""

    def MessageClass(self, stream: IO[bytes], *_seekable: object) -> Head:  # noqa: N802  # gevent's name
        """The head that comes next. Raises ValueError, which gevent answers with 400."""
        return Head(list(_fields(stream)))


def _fields(stream: IO[bytes]) -> Iterator[tuple[str, str]]:
    lengths = set()
    for _ in range(MOST_FIELDS + 1):
        line = stream.readline(LONGEST_LINE_BYTES)
        if line in (b"\r\n", b"\n"):
            break
        field = FIELD.fullmatch(line)
        if field is None:
            raise ValueError("a line of the head is no field")
        name, value = field[1].decode("ascii"), field[2].strip(b" \t").decode("latin-1")
        if name.lower() == "content-length":
            lengths.add(value)
        yield name, value
    else:
        raise ValueError("too many fields")
    if len(lengths) > 1 or not all(value.isascii() and value.isdecimal() for value in lengths):
        raise ValueError("the length of the body is not clear")
