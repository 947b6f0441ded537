"""The spend cap: never exceeded by any number of workers, checked before a model is asked, and said kindly."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import text

from inbox import spending
from inbox.pruning import prune
from inbox.spending import Caps
from inbox.workshop import Trial
from jobs import trying
from jobs import turn as turns
from jobs.context import Context
from jobs.metering import REPLY_TOKENS
from responder.words import hand_off_words
from tests.concurrency.conftest import Thinking
from tests.conftest import InBackground
from tests.model_server import Asked, ModelServer, chunk
from tests.people import WORKFLOW, People


def counters(people: People) -> dict[int, int]:
    """Tokens by visitor; 0 is the project."""
    with people.services.reading() as connection:
        rows = connection.execute(text("SELECT visitor_id, tokens FROM spend ORDER BY visitor_id")).all()
        return {row.visitor_id: row.tokens for row in rows}


def cap(people: People, *, visitor_hour: int = 0, day: int = 0) -> None:
    people.behind_the_back(
        "UPDATE project SET cap_tokens_visitor_hour = :hour, cap_tokens_day = :day", hour=visitor_hour, day=day
    )


def ran(people: People, worker: Context) -> dict[str, Any]:
    turn_id = people.visitor_writes()
    assert turn_id is not None
    turns.run(worker, turn_id)
    return dict(people.turns()[-1])


def test_without_a_cap_nothing_is_counted(people: People, worker: Context) -> None:
    assert ran(people, worker)["status"] == "landed"
    assert counters(people) == {}


def test_what_the_server_counted_stands(people: People, worker: Context) -> None:
    """Every call of the turn, in both counters."""
    people.use_workflow(WORKFLOW)
    cap(people, visitor_hour=5000, day=9000)
    turn = ran(people, worker)
    assert (turn["status"], turn["prompt_tokens"] + turn["completion_tokens"]) == ("landed", 20)
    assert counters(people) == {0: 20, people.visit.visitor_id: 20}


@pytest.mark.parametrize("which", ["visitor_hour", "day"])
def test_over_the_cap_the_model_is_not_asked(
    people: People, worker: Context, model_server: ModelServer, which: str
) -> None:
    people.behind_the_back("UPDATE project SET language = 'Deutsch'")
    cap(people, **{which: 3000})
    assert ran(people, worker)["status"] == "landed"
    people.behind_the_back("UPDATE spend SET tokens = 2990")
    asked = len(model_server.asked)
    turn = ran(people, worker)
    assert (turn["status"], turn["reason"], turn["endpoint"]) == ("handed_off", "spend_cap", None)
    assert len(model_server.asked) == asked
    assert people.conversation()["responder_state"] == "handed_off"
    assert people.messages()[-1]["content"] == hand_off_words("de")
    assert list(counters(people).values()) == [2990], "what was not asked is not charged"
    (entry,) = (one for one in people.timeline() if one["kind"] == "handed_off")
    assert entry["data"]["reason"] == "spend_cap"


def test_one_visitor_does_not_use_up_anothers_hour(people: People, worker: Context) -> None:
    cap(people, visitor_hour=3000)
    ran(people, worker)
    people.behind_the_back("UPDATE spend SET visitor_id = visitor_id + 1, tokens = 3000")
    assert ran(people, worker)["status"] == "landed"


def test_the_hour_and_the_day_begin_anew(people: People, worker: Context) -> None:
    cap(people, visitor_hour=3000, day=3000)
    ran(people, worker)
    people.behind_the_back("UPDATE spend SET tokens = 3000, period = period - interval '1 day'")
    assert ran(people, worker)["status"] == "landed"


def test_a_cap_that_is_reached_in_the_middle_of_a_turn(
    people: People, worker: Context, model_server: ModelServer
) -> None:
    """The decision was made and stands; the words are not asked for."""
    people.use_workflow(WORKFLOW)
    cap(people, day=1500)

    def costly(asked: Asked) -> None:
        arguments = '{"path": "yes"}'
        function = {"name": "route_decision", "arguments": arguments}
        asked.begin()
        asked.send(chunk({"tool_calls": [{"index": 0, "id": "1", "type": "function", "function": function}]}))
        asked.send(chunk({}, finish="stop"))
        asked.send({**chunk({}), "choices": [], "usage": {"prompt_tokens": 1400, "completion_tokens": 5}})

    model_server.script(costly)
    turn = ran(people, worker)
    assert (turn["status"], turn["reason"]) == ("handed_off", "spend_cap")
    assert [step["node_id"] for step in turn["path"]] == ["ask"]
    assert people.conversation()["metadata"]["workflowState"]["currentNodeId"] == "order"


def test_a_server_that_counts_nothing_is_counted_for(
    people: People, worker: Context, model_server: ModelServer
) -> None:
    cap(people, day=9000)

    def silent(asked: Asked) -> None:
        asked.begin()
        asked.send(chunk({"content": "x" * 400}))
        asked.send(chunk({}, finish="stop"))

    model_server.script(silent)
    ran(people, worker)
    assert counters(people)[0] > 100 + 50


def test_a_failure_is_not_charged(people: People, worker: Context, model_server: ModelServer) -> None:
    cap(people, visitor_hour=5000, day=9000)
    model_server.default = lambda asked: asked.begin("application/json", 400)
    assert ran(people, worker)["reason"] == "model_failed"
    assert set(counters(people).values()) == {0}


def test_a_stopped_turn_is_charged_as_estimated(people: People, worker: Context, thinking: Thinking) -> None:
    """Its tokens are on nobody's turn row, yet they were asked for."""
    cap(people, day=9000)
    turn_id = people.visitor_writes()
    with thinking(turn_id):
        counted = counters(people)[0]
        assert counted > REPLY_TOKENS, "counted before it is spent"
        people.act("stop", turn_id)
        worker.leases.beat()
    assert (people.turns()[0]["status"], counters(people)) == ("cancelled", {0: counted})


def test_a_count_that_cannot_be_settled_loses_no_answer(people: People, thinking: Thinking) -> None:
    cap(people, day=9000)
    turn_id = people.visitor_writes()
    with thinking(turn_id):
        people.behind_the_back("ALTER TABLE spend RENAME TO gone")
    assert people.turns()[0]["status"] == "landed"
    people.behind_the_back("ALTER TABLE gone RENAME TO spend")
    assert counters(people)[0] > REPLY_TOKENS, "it stays counted as estimated"


def test_many_workers_share_the_room_exactly(people: People, in_background: InBackground) -> None:
    """Room for ten among thirty: ten have it, whoever is first. Broken: without the condition all thirty have it."""
    barrier = threading.Barrier(30)
    caps = Caps(visitor_hour=100_000, day=1000)

    def race(number: int) -> bool:
        barrier.wait()
        engine = people.services.database
        return spending.reserve(engine, people.project_id, 1 + number % 3, caps, 100) is not None

    won = [one.result() for one in [in_background(race, number) for number in range(30)]]
    assert won.count(True) == 10
    told = counters(people)
    assert told.pop(0) == 1000
    assert sum(told.values()) == 1000, "who is refused by one counter is in neither"


def test_settling_never_waits_for_reserving_the_other_way_round(people: People, in_background: InBackground) -> None:
    """The same two counters by many at once: no deadlock, and the sum is right."""
    caps = Caps(visitor_hour=10**9, day=10**9)
    barrier = threading.Barrier(8)

    def work() -> None:
        barrier.wait()
        for _ in range(20):
            reserved = spending.reserve(people.services.database, people.project_id, 7, caps, 100)
            assert reserved is not None
            spending.settle(people.services.database, reserved, 3)

    for one in [in_background(work) for _ in range(8)]:
        one.result()
    assert counters(people) == {0: 480, 7: 480}


def test_counters_are_forgotten(people: People, worker: Context) -> None:
    cap(people, day=9000)
    ran(people, worker)
    people.behind_the_back("UPDATE spend SET period = period - interval '3 days'")
    with people.services.statement() as writing:
        assert prune(writing.connection) == 1
    assert counters(people) == {}


def test_a_trial_counts_and_is_refused(people: People, worker: Context, model_server: ModelServer) -> None:
    cap(people, visitor_hour=1, day=3000)
    trial = Trial(people.project_id, WORKFLOW, "Where is my order?")
    assert trying.try_out(worker.engine, worker.model, trial).hand_off is None, "a trial has no visitor"
    assert counters(people) == {0: 20}
    people.behind_the_back("UPDATE spend SET tokens = 2990")
    assert trying.try_out(worker.engine, worker.model, trial).hand_off == "spend_cap"
