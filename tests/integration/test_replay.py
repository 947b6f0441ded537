"""Real customers played against the whole product, and the commands around it, as a newcomer would type them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from commands.customers import DATA
from tests.people import WORKFLOW
from tests.product import Product


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("replay")).start()
    yield product
    product.stop()


def result(product: Product, *arguments: str, status: int = 0) -> Any:
    done = product.command(*arguments)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_dialogues_and_questions(product: Product) -> None:
    project = str(product.run["project_id"])
    for file, limit in (
        (str(DATA / "abcd" / "dialogues.json"), "3"),
        (str(DATA / "banking77" / "questions.csv"), "20"),
    ):
        played = result(product, "replay", file, "--project", project, "--limit", limit, "--agents", "3")
        assert played["conversations"] == int(limit)
        ends = [played[name] for name in ("answered", "parked", "handed_off", "failed", "waiting")]
        assert sum(ends) == played["messages"]
        assert (played["failed"], played["waiting"], played["lost_updates"]) == (0, 0, 0)
        assert played["answered"] > 0
        assert played["latency_ms"]["p50"] <= played["latency_ms"]["p99"]


def test_without_agents_everything_is_answered(product: Product) -> None:
    played = result(product, "replay", "--project", str(product.run["project_id"]), "--limit", "8", "--agents", "0")
    assert played["answered"] == played["messages"]
    assert played["parked"] == played["handed_off"] == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("replay", "/nowhere", "--project", "1"), "cannot be read"),
        (("replay", "--project", "999999"), "There is no project 999999"),
        (("evaluate", str(DATA / "banking77" / "questions.csv"), "--project", "999999"), "There is no project 999999"),
        (("agent", "create", "no-address", "--project", "1"), "is no e-mail address"),
        (("project", "create", "X", "--workflow", "/nowhere"), "is no workflow"),
    ],
)
def test_what_is_wrong_is_one_sentence(product: Product, arguments: tuple[str, ...], sentence: str) -> None:
    done = product.command(*arguments)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_project_of_ones_own(product: Product, tmp_path: Path) -> None:
    path = tmp_path / "workflow.json"
    path.write_text(json.dumps(WORKFLOW))
    project = result(product, "project", "create", "Mine", "--mode", "orchestrator", "--workflow", str(path))
    assert set(project) == {"id", "key"}
    agent = result(product, "agent", "create", "me@example.com", "--project", str(project["id"]), "--role", "manager")
    assert set(agent) == {"id", "token", "password"}
    path.write_text(json.dumps({**WORKFLOW, "edges": []}))
    refused = result(product, "project", "create", "Bad", "--workflow", str(path), status=1)
    assert refused["error"]["code"] == "invalid_workflow"
    assert {problem["code"] for problem in refused["error"]["problems"]} == {"missing_edge", "unreachable"}


def test_a_race(product: Product) -> None:
    raced = result(product, "race", "--conversations", "10", "--agents", "4", "--think", "0.2-0.5")
    assert (raced["naive"]["turns"], raced["tandem"]["turns"], raced["tandem"]["lost"]) == (10, 10, 0)
    assert raced["naive"]["lost"] > 0
