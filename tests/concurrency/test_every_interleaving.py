"""Every schedule of a landing against acts of people, against itself, and against a routing step's landing.

What is found is counted and printed; the numbers stand in the README's table.
"""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.concurrency import faults
from tests.concurrency.stage import Stage, actors, stage
from tests.concurrency.stepper import Body
from tests.concurrency.world import ACTS, MAIN, World

__all__ = ["actors", "stage"]  # fixtures, used by their names

pytestmark = pytest.mark.timeout(400)  # hundreds of schedules, on a machine that may be busy
LOCKS = ("with the lock", "without the lock", "lock expired in mid-landing", "Redis emptied in mid-landing")


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("lock", LOCKS)
def test_a_landing_against_each_act(stage: Stage, act: str, lock: str, record_property: Any) -> None:
    stage.explore(lambda w: [stage.under(lock, stage.landing, w), stage.person(w, act)], act)
    told(record_property, stage, f"landing against {act}, {lock}")


PAIRS = [
    pair
    for pair in itertools.combinations(ACTS, 2)
    if set(pair) != {"assign", "claim"}  # a claim after an assignment is refused: test_acts has it
]


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_a_landing_against_pairs_of_acts(stage: Stage, pair: tuple[str, str], record_property: Any) -> None:
    def make(world: World) -> list[tuple[str, Body]]:
        return [stage.landing(world), *(stage.person(world, act) for act in pair)]

    stage.explore(make, *pair, preemptions=1)
    told(record_property, stage, f"landing against {' and '.join(pair)}, one preemption")


@pytest.mark.parametrize("lock", LOCKS)
def test_two_landings_of_one_turn(stage: Stage, lock: str, record_property: Any) -> None:
    both = frozenset({MAIN, "other"}) if lock == "with the lock" else frozenset[str]()
    redis = stage.redis if both else None
    stage.explore(
        lambda w: [stage.under(lock, stage.landing, w), stage.landing(w, "other", redis=redis)], shares_door=both
    )
    told(record_property, stage, f"two landings of one turn, {lock}")


@pytest.mark.parametrize("lock", LOCKS)
def test_a_landing_against_a_routing_step(stage: Stage, lock: str, record_property: Any) -> None:
    both = frozenset({MAIN, "routing"}) if lock == "with the lock" else frozenset[str]()
    redis = stage.redis if both else None
    stage.explore(
        lambda w: [stage.under(lock, stage.landing, w), stage.routing(w, redis=redis)], "routing", shares_door=both
    )
    told(record_property, stage, f"a landing against a routing step's, {lock}")


@pytest.mark.parametrize("act", ["assign", "reply", "restart workflow", "visitor writes"])
def test_two_landings_against_an_act(stage: Stage, act: str, record_property: Any) -> None:
    def make(world: World) -> list[tuple[str, Body]]:
        return [stage.landing(world), stage.landing(world, "other"), stage.person(world, act)]

    stage.explore(make, act, preemptions=1)
    told(record_property, stage, f"two landings of one turn against {act}, one preemption")


def test_the_explorer_finds_a_missing_version_check(stage: Stage) -> None:
    with faults.no_version_check(), pytest.raises(AssertionError, match="schedule"):
        stage.explore(lambda w: [stage.landing(w), stage.person(w, "reply")], "reply")


def test_the_explorer_finds_a_missing_fence(stage: Stage) -> None:
    with faults.no_fence(), pytest.raises(AssertionError, match="schedule"):
        stage.explore(lambda w: [stage.landing(w), stage.landing(w, "other")])


def told(record_property: Any, stage: Stage, what: str) -> None:
    """The count goes into the test's report, and onto its output."""
    assert stage.schedules > 1, "there must be more than one schedule, or nothing was explored"
    record_property("schedules", stage.schedules)
    print(f"{stage.schedules} schedules, 0 violations: {what}")
