"""How long a stream lasts: as long as its reader may read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from flask import Flask

from inbox.api.streams import _beating
from inbox.hub import BEAT_SECONDS


def test_a_stream_ends_with_the_right_to_read_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A removed member's page stays open; within a beat nothing more goes out to it."""
    clock = itertools.count(0.0, BEAT_SECONDS)  # a beat passes with every frame
    monkeypatch.setattr("inbox.api.streams.time.monotonic", lambda: next(clock))
    allowed = iter([True, True, False])

    def frames() -> Iterator[bytes]:
        while True:
            yield b"x"

    assert list(_beating(frames(), lambda: next(allowed), Flask(__name__))) == [b"x", b"x"]
