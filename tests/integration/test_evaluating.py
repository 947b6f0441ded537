"""`flask evaluate` on a project's own workflow: what it counts, and what it says where it cannot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from commands.customers import DATA
from commands.evaluate import evaluate
from inbox.settings import Settings
from responder.shipped import definition_of
from tests.model_server import ModelServer, calls, says
from tests.people import People

LABELLED = "text,category\nA fee came with my card payment,card_payment_fee_charged\nHow do I open a shop?,other\n"


@pytest.fixture
def typed(settings: Settings, people: People, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Types the command beside running servers."""
    people.use_workflow(definition_of("bank-questions") or {})

    def type_command(*arguments: str, **environment: str) -> Result:
        monkeypatch.setenv("DATABASE_URL", str(settings.database_url))
        monkeypatch.setenv("REDIS_URL", str(settings.redis_url))
        monkeypatch.setenv("TANDEM_DATA", str(settings.data))
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        return CliRunner().invoke(evaluate, [*arguments, "--project", str(people.project_id)])

    return type_command


def outcome(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout.strip().splitlines()[-1])


def test_without_a_model_the_offline_responder_is_measured(typed: Any) -> None:
    """The shipped sample: ten intents of it are routes, the others belong nowhere."""
    counted = outcome(typed(str(DATA / "banking77" / "questions.csv")))
    assert counted["model"] == "offline-responder"
    assert counted["questions"] == 30
    assert counted["unlabelled"]["questions"] == 201
    assert counted["correct"] == sum(line["correct"] for line in counted["labels"] if line["label"] != "default")
    wrong = sum(one["questions"] for one in counted["confusion"] if one["label"] != "default")
    assert counted["correct"] + wrong == 30
    assert counted["correct"] > 15, "far better than guessing among eleven ways"
    assert counted["failed"] == {}


def test_a_model_is_asked_for_decisions_only(typed: Any, model_server: ModelServer, tmp_path: Path) -> None:
    """A right decision, then one that stays unusable after it was told what was wrong: the switch's default."""
    file = tmp_path / "labelled.csv"
    file.write_text(LABELLED)
    model_server.script(calls("switch_decision", {"case": "card_payment_fee_charged"}), says("Hm."), says("Hm."))
    arguments = {"OPENAI_BASE_URL": model_server.url, "OPENAI_API_KEY": "test"}
    result = typed(str(file), "--parallel", "1", **arguments)
    counted = outcome(result)
    assert (counted["correct"], counted["questions"]) == (1, 1)
    assert counted["unlabelled"] == {"questions": 1, "default": 1, "accuracy": 1.0}
    assert [asked.demanded for asked in model_server.asked] == ["switch_decision"] * 3
    assert "1 of 1 right" in result.stderr


def test_a_refused_question_is_counted_as_failed(typed: Any, tmp_path: Path) -> None:
    file = tmp_path / "labelled.csv"
    file.write_text(LABELLED)
    nobody = {"OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "OPENAI_API_KEY": "test"}
    counted = outcome(typed(str(file), "--limit", "1", TANDEM_MODEL_TOTAL_SECONDS="60", **nobody))
    assert counted["correct"] == 0
    assert counted["failed"] == {"model_failed": 1}
    assert counted["confusion"] == [{"label": "card_payment_fee_charged", "route": "(undecided)", "questions": 1}]


@pytest.mark.parametrize(
    ("content", "said"), [("a,b\n1,2\n", "columns `text` and"), ("text,category\n,x\n", "holds no")]
)
def test_a_file_without_labels_says_so(typed: Any, tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "file.csv"
    file.write_text(content)
    result = typed(str(file))
    assert result.exit_code == 1
    assert said in result.stderr


def test_a_workflow_that_decides_nothing_says_so(typed: Any, people: People, tmp_path: Path) -> None:
    file = tmp_path / "labelled.csv"
    file.write_text(LABELLED)
    people.use_workflow({"nodes": [{"id": "s", "type": "start"}, {"id": "a", "type": "llm"}], "edges": []})
    result = typed(str(file))
    assert result.exit_code == 1
    assert "decides nothing" in result.stderr
