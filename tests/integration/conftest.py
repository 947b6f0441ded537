"""The web application on the test's servers, and the people of two projects.

Owns fixtures of the API's tests, and whom webhooks reach from a worker.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask import Flask

from app import create_app, wire
from inbox.services import Services
from inbox.settings import Settings
from jobs import context
from jobs.context import Context
from responder.public_network import Network
from tests.integration.callers import House
from tests.integration.reader import Reader, Sit
from tests.receiver import Receiver


@pytest.fixture
def app(settings: Settings, services: Services) -> Iterator[Flask]:
    """The application; its turns go into the `turn_queue` list.

    Its routes are made once in a test process, for that takes longer than most tests; each has its own servers.
    """
    if not _made:
        _made.append(create_app(settings, services))
    app = _made[0]
    as_made = dict(app.config)
    wire(app, settings, services)
    yield app
    app.extensions["tandem"].hub.close()
    app.config.clear()
    app.config.update(as_made)


_made: list[Flask] = []


@pytest.fixture
def house(app: Flask, services: Services) -> House:
    """A project with people."""
    return House.build(app, services)


@pytest.fixture
def other_house(app: Flask, services: Services) -> House:
    """Another project, whose people must see nothing of the first."""
    return House.build(app, services, "Other house")


@pytest.fixture
def sit(app: Flask, services: Services) -> Sit:
    """Signs somebody in at a browser of their own."""
    return lambda who: Reader(app, services, who)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A program that webhooks tell what happens."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def here(settings: Settings) -> Iterator[Context]:
    """What a worker holds, with a network that reaches this machine."""
    here = replace(context.build(settings), network=Network(allowed=lambda _: True))
    yield here
    here.engine.dispose()
