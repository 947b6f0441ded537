"""A project that is deleted from the command line: everything of it is gone, everything else stands."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import Engine, text

from commands import deleting
from commands.accounts import project
from commands.demo import create_demo
from inbox.services import Services
from inbox.settings import Settings
from jobs import context
from jobs.landing import Lander
from jobs.sweep import sweep
from responder.outcome import Reply
from tests.integration.callers import Caller, House, error
from tests.integration.test_erasing import SECRET, everything, kept, waiting, with_files
from tests.locks import until_waiting
from tests.turns import begun

WITH_PROJECT = text(
    "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'project_id'"
)


def delete(settings: Settings, project_id: int, *more: str, typed: str | None = None) -> Result:
    servers = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "SECRET_KEY": "a key"}
    return CliRunner().invoke(project, ["delete", str(project_id), *more], env=servers, input=typed)


def left_of(services: Services, project_id: int) -> dict[str, int]:
    """How many rows of the project each table has, where it has some."""
    with services.reading() as connection:
        counts = {
            name: connection.execute(
                text(f"SELECT count(*) FROM {name} WHERE project_id = :project"), {"project": project_id}
            ).scalar_one()
            for name in connection.execute(WITH_PROJECT).scalars().all()
        }
    return {name: count for name, count in counts.items() if count}


def test_all_of_it_is_gone_and_nothing_else(
    house: House, other_house: House, services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deleting, "BATCH", 2)
    other_house.visit("Stays")
    before = everything(services)
    with_files(house)
    one = house.visit(SECRET, name=SECRET)
    for path, body in (
        ("/snippets", {"title": SECRET, "content": SECRET}),
        ("/webhooks", {"url": f"https://{SECRET}.example"}),
        (f"/conversations/{one.conversation_id}/messages", {"content": SECRET}),
    ):
        assert house.ada.post(path, body, headers={"Idempotency-Key": "k"}).status_code == 201
    session = {"project_key": house.key, "visitor": {"name": SECRET}}
    assert Caller(house.app).post("/widget/sessions", session, headers={"Idempotency-Key": "k"}).status_code == 201
    assert "audit_entry" in left_of(services, house.project_id)
    done = delete(settings, house.project_id, "--yes")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["id"], told["name"], told["conversations"], told["members"]) == (house.project_id, "House", 4, 2)
    assert told["left_without_project"] == [f"{who}.{house.project_id}@example.com" for who in ("Ada", "Ben")]
    assert left_of(services, house.project_id) == {}
    after = everything(services)
    assert SECRET not in after
    assert house.key not in after, "an answer to who began a chat"
    others = {row for row in before.splitlines() if f'"project_id": {other_house.project_id}' in row}
    others = {row for row in others if '"position": null' not in row}  # but those that wait for their place
    assert len(others) > 5
    assert others <= set(after.splitlines())
    assert error(house.ada.get("/me")) == error(one.get("/widget/messages")) == (401, "unauthorized")
    assert Caller(house.app).post("/widget/sessions", session).status_code == 404
    assert waiting(services) == 4
    here = context.build(settings)
    sweep(here)
    here.engine.dispose()
    assert (kept(settings), waiting(services)) == (set(), 0)


def test_the_demo_goes_with_all_that_it_has(app: Flask, house: House, services: Services, settings: Settings) -> None:
    with services.database.begin() as connection:
        demo = create_demo(connection)
    assert len(left_of(services, demo.project_id)) > 10
    assert delete(settings, demo.project_id, typed="Northfold\n").exit_code == 0
    assert left_of(services, demo.project_id) == {}
    assert house.ada.get("/me").status_code == 200


def test_it_meets_an_act_half_way(house: House, services: Services, engine: Engine) -> None:
    """An act holds a conversation and then needs the project, which is held by who waits for the conversation."""
    visitor = house.visit("Hello")
    with ThreadPoolExecutor(1) as other, engine.begin() as connection:
        connection.execute(text("SET LOCAL deadlock_timeout = '1min'"))  # so that it is the other who is ended
        connection.execute(text("SELECT id FROM conversation FOR NO KEY UPDATE"))
        ending = other.submit(deleting.end, services.database, house.project_id)
        until_waiting(services, 1)
        add = text("INSERT INTO audit_entry (project_id, kind, actor_name, subject) VALUES (:project, 'a', 'b', 'c')")
        connection.execute(add, {"project": house.project_id})
        connection.commit()
        assert len(ending.result(timeout=60)) == 2
    assert left_of(services, house.project_id) == {}
    assert error(visitor.get("/widget/messages")) == (401, "unauthorized")


@pytest.mark.parametrize("at", ["SOME", "HOLD"])
def test_a_database_that_ends_it_half_way_is_told_in_a_sentence(
    house: House, services: Services, settings: Settings, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    house.visit("Hello")
    gone = text("SELECT pg_terminate_backend(pg_backend_pid()), CAST(:project AS bigint)")
    with monkeypatch.context() as patch:
        patch.setattr(deleting, at, gone)
        half_way = delete(settings, house.project_id, "--yes")
    assert (half_way.exit_code, half_way.stdout) == (1, "")
    assert "Run it again" in half_way.stderr
    assert delete(settings, house.project_id, "--yes").exit_code == 0
    assert left_of(services, house.project_id) == {}


@pytest.mark.parametrize("typed", ["house\n", "\n\n", ""])
def test_who_types_another_name_deletes_nothing(
    house: House, services: Services, settings: Settings, typed: str
) -> None:
    before = everything(services)
    refused = delete(settings, house.project_id, typed=typed)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert re.search(r"House: 0 conversations, 2 members\.", refused.stderr)
    assert everything(services) == before


def test_there_is_none_of_this_number(services: Services, settings: Settings) -> None:
    refused = delete(settings, 77, "--yes")
    assert (refused.exit_code, refused.stderr) == (1, "There is no project 77.\n")


def test_a_turn_that_is_thought_meanwhile_lands_nowhere(house: House, services: Services, settings: Settings) -> None:
    visitor = house.visit("Hello")
    with services.transaction() as writing:
        turn = writing.connection.execute(text("SELECT id FROM turn")).scalar_one()
        work = begun(writing.connection, turn)
    assert delete(settings, house.project_id, "--yes").exit_code == 0
    landed = Lander(services.database, None).land(work.claimed, work.basis, Reply("Too late", None))
    assert left_of(services, house.project_id) == {}, landed
    assert error(visitor.post("/widget/messages", {"content": "Hello?"})) == (401, "unauthorized")
