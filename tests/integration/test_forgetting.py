"""Accounts of people who are in no project any more: seen, and deleted without a trace but what they said."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import text

from commands import forgetting, projects
from commands.accounts import agent
from inbox.services import Services
from inbox.settings import Settings
from tests.integration.callers import House, error
from tests.integration.test_accounts import said
from tests.integration.test_erasing import everything
from tests.locks import until_waiting


def ben(house: House, services: Services) -> str:
    """Ben's address, once he has answered, has a view and a second factor, and was taken out of the team."""
    at = f"/conversations/{house.visit('Hello').conversation_id}"
    house.ben.post(f"{at}/messages", {"content": "Hello to you"})
    house.ben.post("/saved-views", {"name": "Bens own", "view": "all", "search": "", "shared": False})
    with services.database.begin() as connection:
        email = connection.execute(text("SELECT email FROM agent WHERE id = :ben"), {"ben": house.ben.id}).scalar_one()
        for factor in ("totp (agent_id, secret) VALUES (:ben, 'x')", "recovery_code VALUES (:ben, 'x')"):
            connection.execute(text(f"INSERT INTO {factor}"), {"ben": house.ben.id})
    assert house.ada.call("DELETE", f"/members/{house.ben.id}").status_code == 204
    return str(email)


def result(settings: Settings, *words: str) -> dict[str, Any]:
    done = said(settings, agent, *words)
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_who_has_an_account_and_where(house: House, settings: Settings) -> None:
    house.ada.call("DELETE", f"/members/{house.ben.id}")
    found = {one["name"]: one["projects"] for one in result(settings, "list")["items"]}
    assert found == {"Ada": [{"id": house.project_id, "name": "House", "role": "manager"}], "Ben": []}


def test_deleted_but_for_what_was_said(house: House, services: Services, settings: Settings) -> None:
    email = ben(house, services)
    assert result(settings, "delete", email.upper()) == {"id": house.ben.id, "email": email.upper()}
    rest = everything(services)
    assert email not in rest
    assert "Bens own" not in rest
    with services.reading() as connection:
        for table in ("agent_session", "api_token", "passkey", "totp", "recovery_code"):
            left = text(f"SELECT count(*) FROM {table} WHERE agent_id = :ben")
            assert connection.execute(left, {"ben": house.ben.id}).scalar_one() == 0, table
        said_by = connection.execute(text("SELECT author_name FROM message WHERE author = 'agent'")).scalar_one()
    assert said_by == "Ben", "the conversation says who answered"
    assert error(house.ben.get("/me")) == (401, "unauthorized")
    assert [one["name"] for one in result(settings, "list")["items"]] == ["Ada"]
    again = said(settings, agent, "delete", email)
    assert (again.exit_code, json.loads(again.stdout)["error"]["code"]) == (1, "not_found")


def test_the_address_is_free_again(house: House, services: Services, settings: Settings) -> None:
    email = ben(house, services)
    result(settings, "delete", email)
    made = result(settings, "create", email, "--project", str(house.project_id))
    assert made["id"] != house.ben.id
    assert made["password"]


def test_a_member_stays(house: House, settings: Settings) -> None:
    email = result(settings, "list")["items"][0]["email"]
    refused = said(settings, agent, "delete", email)
    assert (refused.exit_code, json.loads(refused.stdout)["error"]["code"]) == (1, "invalid")
    assert f"House ({house.project_id})" in refused.stderr
    assert house.ada.get("/me").status_code == 200


def test_who_is_added_at_that_moment_stays(house: House, services: Services) -> None:
    email = ben(house, services)
    add = {"project": house.project_id, "agent": house.ben.id, "role": "agent"}
    with ThreadPoolExecutor(1) as other, services.transaction() as writing:
        writing.connection.execute(projects.JOIN_PROJECT, add)
        forgetting_them = other.submit(forget, services, email)
        until_waiting(services, 1)
        writing.connection.commit()
        assert forgetting_them.result(timeout=60) == "invalid"


def forget(services: Services, email: str) -> str:
    try:
        with services.database.begin() as connection:
            forgetting.forget(connection, email)
    except Exception as refused:
        return str(getattr(refused, "code", refused))
    return "forgotten"
