"""A PostgreSQL that is stopped, not gone: its connections stay open, and nothing comes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from app import create_app
from commands.embedded import RunningServer, start_postgres
from inbox.migrating import migrate
from inbox.services import Services
from inbox.settings import Settings
from tests.integration.callers import House, error
from tests.product import wait_for

PATIENCE_SECONDS = 0.5
READY_SECONDS = 3  # in which a balancer has its answer


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[RunningServer]:
    """One of its own."""
    server = start_postgres(tmp_path, durable=False)
    migrate(server.url)
    yield server
    server.stop()


@pytest.fixture
def app(
    postgres: RunningServer, settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Flask]:
    """An application on it, with less patience."""
    monkeypatch.setattr("app.DATABASE_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr("inbox.database.CONNECT_SECONDS", 2)
    app = create_app(replace(settings, database_url=postgres.url))
    yield app
    app.extensions["tandem"].hub.close()
    app.extensions["tandem"].services.database.dispose()


@contextmanager
def silent(server: RunningServer) -> Iterator[None]:
    """The server and all its processes stand still meanwhile."""
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
    pids = [server.pid, *map(int, children)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_everybody_hears_that_it_does_not_answer(app: Flask, postgres: RunningServer) -> None:
    """What was sent may be done all the same once it goes on, and the answer says so."""
    visitor, client = House.build(app, app.extensions["tandem"].services).visit("Before."), app.test_client()
    sent = {"json": {"content": "And this?"}, "headers": {"Idempotency-Key": "one"}}
    assert client.get("/readyz").status_code == 200
    with silent(postgres):
        asked = visitor.call("POST", "/widget/messages", **sent)
        assert (error(asked), "Retry-After" in asked.headers) == ((503, "unavailable"), True)
        assert "Look whether it was done" in asked.get_json()["error"]["message"]
        started = time.monotonic()
        ready = client.get("/readyz")
        assert time.monotonic() - started < READY_SECONDS
        assert (ready.status_code, ready.get_json()) == (503, {"database": "down", "redis": "ok"})
        page = client.get("/join/nobody")
        assert page.status_code == 503
        assert "Nothing was changed" in page.text
    wait_for("the database", lambda: client.get("/readyz").status_code == 200)
    assert visitor.call("POST", "/widget/messages", **sent).status_code == 201
    said = [message["content"] for message in visitor.get("/widget/messages").get_json()["items"]]
    assert said == ["Before.", "And this?"], "once"
