"""What the sweeper takes up: turns that nobody enqueued, lapsed leases, the last attempt, and what was given back."""

from __future__ import annotations

from jobs import claim, sweep
from jobs import turn as turns
from jobs.context import Context
from tests.concurrency.test_turns import lapse, take, written
from tests.people import People


def test_the_sweeper_enqueues_what_nobody_enqueued(people: People, worker: Context) -> None:
    turn_id = written(people)  # the test's queue is a list, so Redis knows nothing of it
    people.behind_the_back("UPDATE turn SET created_at = created_at - interval '1 minute'")
    assert sweep.sweep(worker) == 1
    assert sweep.sweep(worker) == 0, "a job waits already"
    worker.redis.flushall()
    assert sweep.sweep(worker) == 1, "Redis forgot everything"
    turns.run(worker, turn_id)
    assert sweep.sweep(worker) == 0


def test_the_sweeper_finds_lapsed_leases(people: People, worker: Context) -> None:
    turn_id = written(people)
    take(people, turn_id)
    assert sweep.sweep(worker) == 0
    lapse(people)
    assert sweep.sweep(worker) == 1
    landed = turns.run(worker, turn_id)
    assert landed is not None
    assert people.turns()[0]["attempt"] == 2


def test_the_last_attempt_ends_in_a_hand_off(people: People, worker: Context) -> None:
    turn_id = written(people)
    for _ in range(3):
        assert take(people, turn_id) is not None
        lapse(people)
    assert take(people, turn_id) is None, "three attempts are enough"
    assert sweep.sweep(worker) == 1
    (turn,) = people.turns()
    assert (turn["status"], turn["reason"]) == ("handed_off", "attempts")
    found = people.conversation()
    assert (found["responder_state"], found["handed_off_reason"]) == ("handed_off", "attempts")
    assert people.messages()[-1]["turn_id"] == turn_id


def test_a_released_turn_is_not_charged(people: People) -> None:
    turn_id = written(people)
    for _ in range(5):
        claimed = take(people, turn_id)
        assert claimed is not None
        with people.services.statement() as writing:
            assert claim.release(writing.connection, claimed)
    assert people.turns()[0]["status"] == "queued"
