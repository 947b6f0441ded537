"""A turn that fails for a reason of ours: tried again later each time, handed off, and at worst failed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobs import snapshot, sweep
from jobs import turn as turns
from jobs.context import Context
from jobs.landing import Lander
from tests.people import People, statuses, time_passes


def test_an_error_of_ours_is_tried_again_later_each_time_and_then_handed_off(
    people: People, worker: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn_id = people.visitor_writes()
    assert turn_id is not None

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as failing:
        failing.setattr(snapshot, "read", broken)
        for attempt in range(1, worker.settings.max_attempts + 1):
            with pytest.raises(ZeroDivisionError):
                turns.run(worker, turn_id)
            (turn,) = people.turns()
            assert (turn["status"], turn["attempt"]) == ("queued", attempt)
            wait = (turn["next_try_at"] - turn["claimed_at"]).total_seconds()
            assert wait >= turns.BACKOFF_SECONDS * 2 ** (attempt - 1)
            assert turns.run(worker, turn_id) is None, "not before its time"
            time_passes(people)
        assert sweep.sweep(worker) == 1, "what keeps it from thinking does not keep its visitor from people"
    (turn,) = people.turns()
    assert (turn["status"], turn["reason"]) == ("handed_off", "attempts")
    assert people.conversation()["handed_off_why"] == "attempts", "agents see why, and filter by it"


def test_a_turn_that_cannot_be_handed_off_holds_up_nobody(people: People, worker: Context) -> None:
    first, second = people, people.arrives_too()
    for one in (first, second):
        assert one.visitor_writes() is not None
    people.behind_the_back("UPDATE turn SET attempt = :most WHERE :conversation > 0", most=worker.settings.max_attempts)
    faults = iter([ZeroDivisionError()])

    def pause(point: str) -> None:
        if point == "refetched" and (fault := next(faults, None)):
            raise fault

    worker = replace(worker, lander=Lander(worker.engine, worker.redis, pause))
    assert (sweep.sweep(worker), statuses(first), statuses(second)) == (1, ["thinking"], ["handed_off"])
    people.behind_the_back("UPDATE turn SET lease_until = claimed_at WHERE :conversation > 0")
    assert (sweep.sweep(worker), statuses(first)) == (1, ["handed_off"])


def test_a_turn_that_can_never_be_handed_off_has_failed(
    people: People, worker: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """People see that its visitor waits, and may have the responder answer again; it does not by itself."""
    assert people.visitor_writes() is not None
    people.behind_the_back("UPDATE turn SET attempt = :most WHERE :conversation > 0", most=worker.settings.max_attempts)
    monkeypatch.setattr(sweep, "hand_off_words", lambda _language: "cannot be stored: \0")
    for _ in range(sweep.HAND_OFFS):
        assert (sweep.sweep(worker), statuses(people)) == (0, ["thinking"])
        people.behind_the_back("UPDATE turn SET lease_until = claimed_at WHERE :conversation > 0")
    assert (sweep.sweep(worker), sweep.sweep(worker), statuses(people)) == (1, 0, ["failed"])
    assert people.turns()[0]["reason"] == people.timeline()[-1]["data"]["reason"] == "attempts"
    assert people.conversation()["left_to_people"]
    people.act("give_back")
    assert statuses(people) == ["failed", "queued"]
