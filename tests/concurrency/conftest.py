"""Turns that are held while they think.

Owns that fixture. Servers, people and a worker are tests/conftest.py's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from jobs import turn as turns
from jobs.context import Context
from tests.background import Background
from tests.conftest import InBackground
from tests.model_server import ModelServer

Thinking = Callable[[int | None], AbstractContextManager[Background]]


@pytest.fixture
def thinking(worker: Context, model_server: ModelServer, in_background: InBackground) -> Thinking:
    """What is done inside happens while this turn waits for its model; behind it the turn has run to its end."""

    @contextmanager
    def held(turn_id: int | None) -> Iterator[Background]:
        assert turn_id is not None
        model_server.hold()
        running = in_background(turns.run, worker, turn_id)
        try:
            model_server.wait_until_asked()
            yield running
        finally:
            model_server.release()
        running.result()

    return held
