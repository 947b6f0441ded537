"""A model's server that misbehaves in ten ways, over the real SDK: each turn ends as a reply or a visible hand-off.

At an llm node, at a condition and at a switch; for ever, once, and with a second server to go on with.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from inbox.settings import Settings
from jobs import context
from jobs import turn as turns
from jobs.context import Context
from responder.words import hand_off_words
from tests.model_server import ModelServer, Script
from tests.people import WORKFLOW, People

LLM, CONDITION, SWITCH = "llm", "condition", "switch"
# How each ends where every request meets it: the turn's reason, or None for a reply.
ENDINGS: dict[str, dict[str, str | None]] = {
    "hangs": {LLM: "model_timeout", CONDITION: "model_timeout"},
    "cuts the stream": {LLM: "model_failed", CONDITION: "model_failed"},
    "rate limit": {LLM: "model_failed", CONDITION: "model_failed"},
    "server error": {LLM: "model_failed", CONDITION: "model_failed"},
    "malformed tool JSON": {LLM: "no_answer", CONDITION: "bad_decision"},
    "wrong tool": {LLM: "no_answer", CONDITION: "bad_decision"},
    "empty": {LLM: "no_answer", CONDITION: "bad_decision"},
    "huge": {LLM: None, CONDITION: "bad_decision"},
    "slow drip": {LLM: "model_timeout", CONDITION: "model_timeout"},
    "wrong content type": {LLM: "model_failed", CONDITION: "model_failed"},
}
SWITCHING: dict[str, Any] = {
    "nodes": [
        {"id": "start", "type": "start"},
        {"id": "choose", "type": "switch", "data": {"cases": [{"route": "refund", "when": "money back"}]}},
        {"id": "refund", "type": "llm"},
        {"id": "other", "type": "llm"},
    ],
    "edges": [
        {"source": "start", "target": "choose"},
        {"source": "choose", "target": "refund", "sourceHandle": "choose-refund"},
        {"source": "choose", "target": "other", "sourceHandle": "choose-default"},
    ],
}
SILENT = {"hangs", "slow drip"}  # never done: only they need not be waited for
UNUSABLE = ("malformed tool JSON", "wrong tool", "empty", "huge")  # answers, only not decisions


def impatient(settings: Settings) -> Settings:
    return replace(settings, model_first_token_seconds=1.0, model_total_seconds=2.0)


def way(server: ModelServer, name: str) -> Script:
    return dict(server.misbehaviours())[name]


def ran(people: People, worker: Context) -> dict[str, Any]:
    """The turn that a question started, ended; exactly one message came of it."""
    turn_id = people.visitor_writes()
    assert turn_id is not None
    turns.run(worker, turn_id)
    (turn,) = people.turns()
    with people.services.reading() as connection:
        statement = text("SELECT count(*) FROM message WHERE author = 'responder' AND NOT private")
        assert connection.execute(statement).scalar_one() == 1
    return dict(turn)


def handed_off(people: People, turn: dict[str, Any], reason: str) -> None:
    """Visible to everybody: the state, the timeline's sentence and a kind word in the project's language."""
    assert (turn["status"], turn["reason"]) == ("handed_off", reason)
    assert turn["model_ms"] > 0
    assert turn["endpoint"].startswith("http://127.0.0.1")
    assert people.conversation()["responder_state"] == "handed_off"
    (entry,) = (one for one in people.timeline() if one["kind"] == "handed_off")
    assert entry["data"]["reason"] == reason
    assert people.messages()[-1]["content"] == hand_off_words("vi")


def test_there_are_ten_ways(model_server: ModelServer) -> None:
    assert [name for name, _ in model_server.misbehaviours()] == list(ENDINGS)
    assert len(ENDINGS) == 10


@pytest.mark.parametrize("node", [LLM, CONDITION])
@pytest.mark.parametrize("name", ENDINGS)
def test_whatever_it_does_for_ever(
    people: People, with_model: Settings, model_server: ModelServer, name: str, node: str
) -> None:
    people.behind_the_back("UPDATE project SET language = 'vi'")
    if node == CONDITION:
        people.use_workflow(WORKFLOW)
    model_server.default = way(model_server, name)
    here = context.build(impatient(with_model) if name in SILENT else with_model)
    turn = ran(people, here)
    here.engine.dispose()
    reason = ENDINGS[name][node]
    if reason is None:
        assert (turn["status"], turn["reason"]) == ("landed", None)
        assert len(people.messages()[-1]["content"]) <= 10_000
    else:
        handed_off(people, turn, reason)


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_switch_takes_its_default(people: People, worker: Context, model_server: ModelServer, name: str) -> None:
    people.use_workflow(SWITCHING)
    model_server.script(way(model_server, name), way(model_server, name))
    turn = ran(people, worker)
    assert turn["status"] == "landed"
    assert [(step["node_id"], step["route"]) for step in turn["path"]] == [("choose", "default"), ("other", None)]


@pytest.mark.parametrize("name", [*UNUSABLE, "rate limit", "server error"])
def test_once_at_a_condition(people: People, worker: Context, model_server: ModelServer, name: str) -> None:
    """What is wrong is told, or tried again, and the turn goes on."""
    people.use_workflow(WORKFLOW)
    model_server.script(way(model_server, name))
    turn = ran(people, worker)
    assert (turn["status"], [step["node_id"] for step in turn["path"]]) == ("landed", ["ask", "order"])


# One that drips words uses up all the time that there is, so nobody is asked after it.
@pytest.mark.parametrize("name", [name for name in ENDINGS if name not in {*UNUSABLE, "slow drip"}])
def test_with_a_second_server(people: People, with_model: Settings, model_server: ModelServer, name: str) -> None:
    """The next endpoint in order answers, and the turn says that it did."""
    people.use_workflow(WORKFLOW)
    model_server.default = way(model_server, name)
    seconds = 2.0 if name in SILENT else with_model.model_first_token_seconds
    with ModelServer() as second:
        urls = f"{model_server.url},{second.url}"
        here = context.build(replace(with_model, openai_base_url=urls, model_first_token_seconds=seconds))
        turn = ran(people, here)
        here.engine.dispose()
        assert (turn["status"], turn["endpoint"]) == ("landed", second.url), turn["reason"]
