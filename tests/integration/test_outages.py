"""Turns that always end: Redis or PostgreSQL away, restarted or emptied, and errors of our own.

tests/integration/test_launch.py and tests/chaos kill the processes of the whole product; here each promise alone.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from app import create_app
from commands.embedded import RunningServer, start_postgres
from inbox.database import connect
from inbox.migrating import migrate
from inbox.redis import redis_client
from inbox.services import Services
from inbox.settings import Settings
from jobs import context, sweep
from jobs import turn as turns
from jobs.context import Context
from jobs.directly import Directly
from jobs.landing import Lander
from jobs.queue import TURNS, RqTurnQueue
from jobs.sharing import SharedQueue
from jobs.stopping import Stopping
from jobs.values import Claimed
from tests.conftest import InBackground
from tests.integration.callers import Caller, House, error
from tests.integration.test_counting import came
from tests.model_server import ModelServer
from tests.people import People, statuses, time_passes
from tests.product import wait_for

NOBODY = "redis://127.0.0.1:1"
WAITING = 5


def queued(worker: Context) -> list[int]:
    """The turns in the real queue."""
    return [int(job_id.split("-")[1]) for job_id in SharedQueue(TURNS, connection=worker.redis).waiting()]


def without_redis(people: People, worker: Context) -> tuple[list[People], Context]:
    """Visitors who have written while nobody listened, and the worker as it is then."""
    away = redis_client(NOBODY)
    services = replace(people.services, turn_queue=RqTurnQueue(away))
    everyone = [replace(people.arrives_too(), services=services) for _ in range(WAITING)]
    for one in everyone:
        assert one.visitor_writes() is not None
    time_passes(people)
    return everyone, replace(worker, queue=RqTurnQueue(away), redis=away, lander=Lander(worker.engine, away))


def test_without_redis_everything_is_taken_and_runs_once_when_it_is_back(
    people: People, worker: Context, model_server: ModelServer
) -> None:
    """Nobody listens: messages are stored, sweeps do no harm; afterwards every waiting turn runs, once."""
    everyone, lost = without_redis(people, worker)
    assert sweep.sweep(lost) == 0
    assert sweep.sweep(worker) == WAITING, "Redis is back"
    assert sweep.sweep(worker) == 0, "each waits once"
    waiting = queued(worker)
    assert len(waiting) == len(set(waiting)) == WAITING
    for turn_id in waiting:
        turns.run(worker, turn_id)
    assert [statuses(one) for one in everyone] == [["landed"]] * WAITING
    assert len(model_server.asked) == WAITING


def test_without_redis_visitors_are_answered(people: People, worker: Context, model_server: ModelServer) -> None:
    """A worker's sweeper runs what waits, no more at once than it has places, and each once."""
    everyone, lost = without_redis(people, worker)
    few = replace(lost, settings=replace(lost.settings, turns=WAITING - 1))
    model_server.hold()
    directly = Directly(few, Stopping())
    assert sweep.sweep(few, directly) == WAITING - 1
    model_server.wait_until_asked(WAITING - 1)
    assert sweep.sweep(few, directly) == 0, "no place is free"
    model_server.release()
    wait_for("a free place", lambda: sweep.sweep(few, directly) == 1)
    wait_for("every answer", lambda: [statuses(one) for one in everyone] == [["landed"]] * WAITING)
    assert sweep.sweep(worker) == 0, "Redis is back, and nothing is left to do"
    assert len(model_server.asked) == WAITING


@contextmanager
def full(redis: Redis) -> Iterator[None]:
    """A Redis that has no room left: it answers, and keeps nothing more."""
    redis.config_set("maxmemory", 1)
    try:
        yield
    finally:
        redis.config_set("maxmemory", 0)


def test_where_redis_is_full_visitors_are_answered(
    people: People, worker: Context, model_server: ModelServer, app: Flask
) -> None:
    with full(worker.redis):
        people = replace(people, services=replace(people.services, turn_queue=worker.queue))
        assert people.visitor_writes() is not None
        time_passes(people)
        assert sweep.sweep(worker, Directly(worker, Stopping())) == 1
        wait_for("the answer", lambda: statuses(people) == ["landed"])
        assert app.test_client().get("/readyz").get_json() == {"database": "ok", "redis": "down"}
    assert app.test_client().get("/readyz").get_json() == {"database": "ok", "redis": "ok"}
    assert len(model_server.asked) == 1


def test_over_http_a_message_is_taken_without_redis(settings: Settings, services: Services) -> None:
    app = create_app(replace(settings, redis_url=NOBODY))
    visitor = House.build(app, services).visit()
    assert visitor.post("/widget/messages", {"content": "Anybody?"}).status_code == 201
    assert [m["content"] for m in visitor.get("/widget/messages").get_json()["items"]] == ["Anybody?"]
    app.extensions["tandem"].hub.close()


def test_a_database_that_takes_nothing_is_away_until_it_does(
    settings: Settings, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    """One that its host made read-only, its disk being full, or that another took over from."""
    name = text("SELECT quote_ident(current_database())")
    with services.reading() as connection:
        database = connection.execute(name).scalar_one()
        visitor = House.build(create_app(settings), services).visit()
        connection.execute(text(f"ALTER DATABASE {database} SET default_transaction_read_only = on"))
        app = create_app(settings)  # connects from here on
        visitor = Caller(app, visitor.token)
        for _ in range(2):
            assert error(visitor.post("/widget/messages", {"content": "Anybody?"})) == (503, "unavailable")
        assert "read-only" in caplog.text, "whoever reads the log knows why"
        caplog.clear()
        ready = app.test_client().get("/readyz")
        assert (ready.status_code, ready.get_json()) == (503, {"database": "down", "redis": "ok"})
        assert int(ready.headers["Retry-After"]) >= 1
        assert "read-only" in caplog.text
        assert visitor.get("/widget/messages").get_json()["items"] == []
        connection.execute(text(f"ALTER DATABASE {database} RESET default_transaction_read_only"))
    asked_again = [app.test_client().get("/readyz").status_code for _ in range(5)]
    assert asked_again[-1] == 200, "nor is one kept on which it was seen"
    answers = [visitor.post("/widget/messages", {"content": "Now?"}).status_code for _ in range(5)]
    assert answers[-1] == 201, "of the connections of before each is given up as it is refused"
    app.extensions["tandem"].hub.close()


def test_a_silent_redis_is_waited_for_once(
    settings: Settings, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes connections and never answers: of all acts, each of which asks it several times, the first waits."""
    monkeypatch.setattr("app.REDIS_REST_SECONDS", 600.0)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        app = create_app(replace(settings, redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}"))
        house = House.build(app, services)
        house.visit("Anybody?", "Hello?", "Please!")
        assert came(silent) == 1, "the first who asked it, and nobody after"
        app.extensions["tandem"].hub.close()


def test_redis_emptied_while_it_thinks(
    people: People, worker: Context, model_server: ModelServer, in_background: InBackground
) -> None:
    """The landing goes on, the next turn is found, and nothing runs twice."""
    turn_id = people.visitor_writes()
    model_server.hold()
    running = in_background(turns.run, worker, turn_id)
    model_server.wait_until_asked()
    people.visitor_writes("And this?")
    worker.redis.flushall()
    model_server.release()
    following = running.result().next_turn
    worker.redis.flushall()
    time_passes(people)
    assert sweep.sweep(worker) == 1
    assert queued(worker) == [following]
    turns.run(worker, following)
    turns.run(worker, following)
    assert statuses(people) == ["landed", "landed"]


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[list[RunningServer]]:
    """A PostgreSQL of its own, as durable as in use; the list's last is the one that runs."""
    servers = [start_postgres(tmp_path)]
    migrate(servers[0].url)
    yield servers
    servers[-1].stop()


def test_postgresql_killed_and_started_again(
    postgres: list[RunningServer], with_model: Settings, model_server: ModelServer, in_background: InBackground
) -> None:
    """Requests get 503 with Retry-After, the turn under way lands afterwards, nothing acknowledged is missing."""
    settings = replace(with_model, database_url=postgres[0].url)
    engine = connect(postgres[0].url)
    queue = RqTurnQueue(Redis.from_url(str(settings.redis_url)))
    people = People.arrive(Services(engine, queue))
    app: Flask = create_app(settings, people.services)
    visitor, worker = House.build(app, people.services).visit("Before."), context.build(settings)
    turn_id = people.visitor_writes()
    model_server.hold()
    running = in_background(turns.run, worker, turn_id)
    model_server.wait_until_asked()
    postgres[-1].process.kill()
    postgres[-1].process.wait()
    for response in (visitor.post("/widget/messages", {"content": "Lost?"}), visitor.get("/widget/messages")):
        assert (response.status_code, "Retry-After" in response.headers) == (503, True)
    model_server.release()
    postgres.append(postgres[-1].restart())
    running.result()
    assert statuses(people) == ["landed"]
    assert visitor.post("/widget/messages", {"content": "After."}).status_code == 201
    said = [m["content"] for m in visitor.get("/widget/messages").get_json()["items"]]
    assert said == ["Before.", "After."]
    app.extensions["tandem"].hub.close()
    for one in (engine, worker.engine):
        one.dispose()


def test_a_landing_goes_on_without_the_lock(people: People, worker: Context) -> None:
    """And says so: the turn has no waiting time of a lock."""
    turn_id = people.visitor_writes()
    assert turn_id is not None
    turns.run(replace(worker, lander=Lander(worker.engine, redis_client(NOBODY))), turn_id)
    (turn,) = people.turns()
    assert (turn["status"], turn["lock_wait_ms"]) == ("landed", None)


def test_a_database_that_is_away_is_a_sentence_in_the_log(
    people: People, worker: Context, caplog: pytest.LogCaptureFixture
) -> None:
    """An error of ours brings its traceback; a server that is gone needs none."""
    claimed = Claimed(1, 1, 1, 1, datetime.now(UTC), ())
    nowhere = replace(worker, engine=connect("postgresql://nobody@127.0.0.1:1/none"))
    with pytest.raises(OperationalError) as away:
        nowhere.engine.connect()
    turns._retreat(nowhere, claimed, away.value)
    assert [bool(record.exc_info) for record in caplog.records] == [False, False]
    assert "the database is away" in caplog.messages[0]
    caplog.clear()
    turns._retreat(nowhere, claimed, ValueError("ours"))
    assert bool(caplog.records[0].exc_info)
