"""A model server for the responder's tests, and the model that asks it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from responder.model import Model
from tests.model_server import ModelServer
from tests.unit.responder.building import Chosen


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def model(server: ModelServer) -> Model:
    return Model.from_settings(Chosen(server.url))
