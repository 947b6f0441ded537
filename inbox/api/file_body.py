"""A request's body as a file, copied piece by piece to where it costs no memory.

Owns the limit of such a body, and how many of them one address may be sending at once: an upload may take as long as
its sender likes. Must not know what the file is for.
"""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO

from flask import request

from inbox.api.asking import wiring
from inbox.attachments import MOST_BYTES, MOST_UNSENT
from inbox.errors import Invalid, RateLimited, TooLarge
from inbox.limits import whereabouts
from inbox.storage import PIECE_BYTES, answering

AT_ONCE = MOST_UNSENT  # of one address in each web process: all that a sender may have waiting
_under_way: Counter[str] = Counter()
_counting = threading.Lock()


@dataclass(frozen=True)
class Came:
    """A body that came whole. `digest` is its SHA-256."""

    file: IO[bytes]
    size: int
    digest: bytes


@contextmanager
def came() -> Iterator[Came]:
    """The body, for a block. Raises RateLimited, TooLarge (also for one that comes in chunks) and Invalid for none."""
    if (request.content_length or 0) > MOST_BYTES:
        raise TooLarge("A file may have 10 MiB at most.")
    request.max_content_length = MOST_BYTES + 1
    with _one_more(whereabouts(request.remote_addr or "")), SpooledTemporaryFile(PIECE_BYTES) as file:
        size, digest = _copied(file)
        if not size:
            raise Invalid("The file is empty.", fields={"body": "is empty"})
        file.seek(0)
        yield Came(file, size, digest)


def _copied(file: IO[bytes]) -> tuple[int, bytes]:
    size, digest = 0, hashlib.sha256()
    while piece := request.stream.read(PIECE_BYTES):
        size += len(piece)
        if size > MOST_BYTES:
            raise TooLarge("A file may have 10 MiB at most.")
        digest.update(piece)
        with answering():
            file.write(piece)
    return size, digest.digest()


@contextmanager
def _one_more(address: str) -> Iterator[None]:
    with _counting:
        if _under_way[address] >= AT_ONCE and wiring().settings.rate_limits:
            raise RateLimited("Too many files are being sent at once. Wait until some have arrived.")
        _under_way[address] += 1
    try:
        yield
    finally:
        with _counting:
            _under_way[address] -= 1
            if not _under_way[address]:
                del _under_way[address]
