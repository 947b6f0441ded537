"""Random acts of visitors, agents and workers, kills and jumps of the clock, against a model of what must be true.

A failing run prints its steps as a program, shortened as far as it still fails. Without STATEFUL_RUNS the runs are the
same every time, so a failure is there again; `make stateful RUNS=2000` makes new ones, and prints the blob to replay.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from jobs.context import Context
from tests.concurrency import faults
from tests.concurrency.stateful import Conversation
from tests.concurrency.stateful_stage import Stage
from tests.people import WORKFLOW, People

RUNS = int(os.environ.get("STATEFUL_RUNS", "0"))
STEPS = 40
RULE = """UPDATE project SET resume_rule = 'after_hours', resume_after_hours = 3, answers_when = 'no_agent_online'
WHERE :conversation > 0"""


@pytest.fixture
def stage(people: People, worker: Context) -> Stage:
    people.use_workflow(WORKFLOW)
    people.behind_the_back(RULE)
    # A turn is found lost at once: how quick the machine is must not decide what there is to do.
    return Stage(people, replace(worker, settings=replace(worker.settings, sweep_seconds=0)))


def explore(stage: Stage, runs: int, *phases: Phase) -> None:
    run_state_machine_as_test(
        lambda: Conversation(stage),  # type: ignore[arg-type]  # it is called, whatever it is
        settings=settings(
            max_examples=runs,
            phases=phases or tuple(Phase),
            stateful_step_count=STEPS,
            derandomize=not RUNS,
            print_blob=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.timeout(36_000 if RUNS else 600)
def test_whatever_happens_in_whatever_order(stage: Stage, record_property: Callable[[str, object], None]) -> None:
    explore(stage, RUNS or 60)
    record_property("random steps checked against the model", stage.steps)


FINDS = [faults.epoch_ignored, faults.no_fence, faults.whole_object_save]


@pytest.mark.parametrize("fault", FINDS, ids=lambda fault: fault.__name__)
def test_it_finds_a_planted_fault(stage: Stage, fault: Any) -> None:
    with fault(), pytest.raises((AssertionError, ExceptionGroup)):
        explore(stage, 100, Phase.generate)
