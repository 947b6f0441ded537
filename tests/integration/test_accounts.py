"""What the command line is given by hand: words and files that no database can hold are told so, in a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click import Command, Group
from click.testing import CliRunner, Result
from sqlalchemy import text

from commands.accounts import agent, project
from commands.processes import migrate, sweep
from inbox.services import Services
from inbox.settings import Settings
from tests.integration.callers import House

HALF = "\udcff"  # what a byte of another encoding is among a command's words
GRAPH = '{"nodes": [{"id": "s", "type": "start", "data": %s}], "edges": []}'


def said(settings: Settings, command: Group, *words: str) -> Result:
    servers = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "SECRET_KEY": "a key"}
    return CliRunner().invoke(command, words, env=servers)


def test_what_the_database_alone_can_do_asks_for_no_redis(settings: Settings, tmp_path: Path) -> None:
    alone = {"DATABASE_URL": settings.database_url, "REDIS_URL": None, "TANDEM_DATA": str(tmp_path)}
    made = CliRunner().invoke(project, ["create", "Fjell Shop"], env=alone)
    assert made.exit_code == 0, made.output
    number = str(json.loads(made.stdout)["id"])
    works: list[tuple[Command, list[str]]] = [(project, ["list"]), (migrate, [])]
    for command, words in [*works, (agent, ["create", "new@example.com", "--project", number])]:
        done = CliRunner().invoke(command, words, env=alone)
        assert done.exit_code == 0, done.output
    refused = CliRunner().invoke(sweep, [], env=alone)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "set DATABASE_URL and REDIS_URL" in refused.stderr


@pytest.mark.parametrize("name", ["x" * 101, " ", HALF, ""])
def test_a_name_that_cannot_be_one(house: House, settings: Settings, name: str) -> None:
    refused = said(settings, agent, "create", "new@example.com", "--project", str(house.project_id), "--name", name)
    assert (refused.exit_code, refused.stderr) == (1, "Say your name.\n")
    assert json.loads(refused.stdout)["error"]["fields"] == {"name": "has to have 1 to 100 characters"}


def test_an_address_that_nobody_can_have(house: House, settings: Settings) -> None:
    refused = said(settings, agent, "reset", f"a{HALF}@example.com")
    assert json.loads(refused.stdout)["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    "data", ['{"x": NaN}', '{"x": "\\u0000"}', '{"x": "\\ud800"}', "[" * 100_000, '{"x": ' * 50, "{"]
)
def test_a_workflow_that_cannot_be_kept(services: Services, settings: Settings, tmp_path: Path, data: str) -> None:
    path = tmp_path / "workflow.json"
    path.write_text(GRAPH % data, encoding="utf-8")
    refused = said(settings, project, "create", "Shop", "--workflow", str(path))
    assert (refused.exit_code, json.loads(refused.stdout)["error"]["code"]) == (1, "bad_json")
    assert refused.stderr.count("\n") == 1
    with services.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM project")).scalar_one() == 0


def test_a_workflow_with_a_byte_order_mark(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "workflow.json"
    graph = {
        "nodes": [{"id": "s", "type": "start", "data": {}}, {"id": "l", "type": "llm", "data": {}}],
        "edges": [{"source": "s", "target": "l"}],
    }
    path.write_text(json.dumps(graph), encoding="utf-8-sig")
    assert said(settings, project, "create", "Shop", "--workflow", str(path)).exit_code == 0


def test_a_manager_who_is_given_a_token_stays_one(house: House, services: Services, settings: Settings) -> None:
    """Whoever wants one more token from the command line does not say a role, and the project kept no manager."""
    email = email_of(services, house.ada.id)
    words = ("create", email, "--project", str(house.project_id))
    for more, role in (
        ((), "manager"),
        (("--role", "agent"), "agent"),
        ((), "agent"),
        (("--role", "manager"), "manager"),
    ):
        made = json.loads(said(settings, agent, *words, *more).stdout)
        assert (made["id"], made["password"]) == (house.ada.id, None)
        assert house.ada.get("/me").get_json()["role"] == role


def email_of(services: Services, agent_id: int) -> str:
    with services.reading() as connection:
        found = connection.execute(text("SELECT email FROM agent WHERE id = :agent"), {"agent": agent_id})
        return str(found.scalar_one())
