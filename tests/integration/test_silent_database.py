"""A PostgreSQL that is stopped, not gone: its connections stay open, and nothing comes. For pages and for workers."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import create_app
from commands.embedded import RunningServer, start_postgres
from inbox.database import connect
from inbox.migrating import migrate
from inbox.pulse import Pulse
from inbox.services import Services
from inbox.settings import Settings
from jobs import context
from jobs.context import Context
from jobs.sweep import sweep
from jobs.turn import run
from jobs.values import Post
from responder.outcome import Reply
from tests.conftest import InBackground
from tests.integration.callers import House, error
from tests.locks import until_waiting
from tests.people import People
from tests.product import wait_for
from tests.turns import begun

PATIENCE_SECONDS = 1.0


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
    wait_for("the database", lambda: client.get("/readyz").status_code == 200)
    with silent(postgres):
        asked = visitor.call("POST", "/widget/messages", **sent)
        assert (error(asked), "Retry-After" in asked.headers) == ((503, "unavailable"), True)
        assert "Look whether it was done" in asked.get_json()["error"]["message"]
        ready = client.get("/readyz")
        assert (ready.status_code, ready.get_json()) == (503, {"database": "down", "redis": "ok"})
        page = client.get("/join/nobody")
        assert page.status_code == 503
        assert "Nothing was changed" in page.text
    wait_for("the database", lambda: client.get("/readyz").status_code == 200)
    assert visitor.call("POST", "/widget/messages", **sent).status_code == 201
    said = [message["content"] for message in visitor.get("/widget/messages").get_json()["items"]]
    assert said == ["Before.", "And this?"], "once"


def test_a_balancer_has_its_answer_and_asks_no_more_than_once(
    postgres: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = connect(postgres.url, patience_seconds=600.0)
    pulse = Pulse(engine)
    wait_for("the database", pulse.beats)
    monkeypatch.setattr("inbox.pulse.WAIT_SECONDS", 0.05)
    with silent(postgres):
        assert [pulse.beats() for _ in range(3)] == [False] * 3
        assert [one.name for one in threading.enumerate()].count("pulse") == 1
    wait_for("the answer", pulse.beats)
    engine.dispose()


@pytest.fixture
def worker(postgres: RunningServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Context]:
    """A worker on it, with less patience."""
    monkeypatch.setattr("jobs.context.DATABASE_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr("inbox.database.CONNECT_SECONDS", 2)
    here = context.build(replace(settings, database_url=postgres.url))
    yield here
    here.engine.dispose()


def test_no_turn_waits_for_ever(worker: Context, postgres: RunningServer, in_background: InBackground) -> None:
    """A claim is given up and left to the sweeper; a finished reply waits at the door, and lands once."""
    services = Services(worker.engine, worker.queue)
    people = People.arrive(services)
    turn_id = people.visitor_writes()
    assert turn_id is not None
    with silent(postgres), pytest.raises(OperationalError):
        run(worker, turn_id)
    with services.statement() as writing:
        work = begun(writing.connection, turn_id)
    tried = threading.Event()
    lander = replace(worker.lander, pause=lambda _point: tried.set())
    with silent(postgres):
        landing = in_background(lander.land, work.claimed, work.basis, Reply("It is on its way.", None))
        assert not tried.wait(3 * PATIENCE_SECONDS)
    assert isinstance(landing.result().decision, Post)
    assert [one["content"] for one in people.messages() if one["author"] == "responder"] == ["It is on its way."]


def test_forgetting_takes_its_time(worker: Context, postgres: RunningServer, in_background: InBackground) -> None:
    """What the sweeper deletes by the thousand may take longer than a turn's statement."""
    with connect(postgres.url).begin() as connection:  # whoever stands in its way waits for as long as it takes
        connection.execute(text("LOCK TABLE idempotency_key"))
        sweeping = in_background(sweep, worker)
        until_waiting(Services(worker.engine, worker.queue), 1)
        connection.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": 1.5 * PATIENCE_SECONDS})
    assert sweeping.result() == 0
