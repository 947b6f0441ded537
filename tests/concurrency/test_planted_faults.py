"""Twelve faults, each planted alone, each caught: the proof that the checks can fail.

Every check passes on the product as it is, and must raise once its fault is planted. A fault that goes unnoticed here
is a guard that no test holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from inbox.services import Services
from inbox.turn_queue import Started
from jobs import turn as turns
from jobs.context import Context
from jobs.landing import Lander
from jobs.values import Basis
from responder.outcome import Reply
from tests.concurrency import faults
from tests.concurrency.changes import CHANGES, Change, check, in_the_window, prepare, while_held
from tests.concurrency.test_turns import lapse, take, written
from tests.conftest import InBackground
from tests.model_server import ModelServer
from tests.people import People, writes

BY_NAME = {change.name: change for change in CHANGES}


@dataclass(frozen=True)
class Scene:
    """Everything that a check acts on."""

    people: People
    worker: Context
    model: ModelServer
    in_background: InBackground


@pytest.fixture
def scene(people: People, worker: Context, model_server: ModelServer, in_background: InBackground) -> Scene:
    return Scene(people, worker, model_server, in_background)


def held(scene: Scene, name: str) -> Change:
    """The act happens while the model is being waited for."""
    change = BY_NAME[name]
    while_held(scene.people, scene.worker, scene.model, scene.in_background, change)
    return change


def a_reply_in_the_window_parks(scene: Scene) -> None:
    in_the_window(scene.people, scene.worker, BY_NAME["reply"])
    check(scene.people, BY_NAME["reply"])


def an_assignment_in_the_window_costs_a_try(scene: Scene) -> None:
    in_the_window(scene.people, scene.worker, BY_NAME["assign"])
    check(scene.people, BY_NAME["assign"])


def the_database_refuses_a_second_reply(scene: Scene) -> None:
    turns.run(scene.worker, written(scene.people))
    again = """INSERT INTO message (project_id, conversation_id, author, content, turn_id)
        SELECT project_id, conversation_id, author, content, turn_id FROM message
        WHERE author = 'responder' AND conversation_id = :conversation"""
    with pytest.raises(IntegrityError):
        scene.people.behind_the_back(again)


def a_late_holder_lands_nothing(scene: Scene) -> None:
    turn_id = written(scene.people)
    first = take(scene.people, turn_id)
    lapse(scene.people)
    assert take(scene.people, turn_id) is not None
    assert first is not None
    row = scene.people.conversation()
    scene.worker.lander.land(first, Basis(row["version"], row["epoch"], None), Reply("Too late", None))
    assert [m["author"] for m in scene.people.messages()] == ["visitor"]


def a_reply_parks_and_says_who_replied(scene: Scene) -> None:
    held(scene, "reply")
    (turn,) = scene.people.turns()
    assert (turn["status"], turn["reason"]) == ("parked", "person_replied")


def an_assignment_while_it_thinks_stands(scene: Scene) -> None:
    check(scene.people, held(scene, "assign"))


def other_metadata_survives(scene: Scene) -> None:
    change = BY_NAME["metadata behind the version"]
    in_the_window(scene.people, scene.worker, change)
    check(scene.people, change)


def the_lock_is_held_until_the_commit(scene: Scene) -> None:
    """It queues the landers of a conversation only if it is held over the whole of re-fetch and statement."""
    turn_id = prepare(scene.people, BY_NAME["assign"])
    name = f"tandem:conversation:{scene.people.conversation_id}"
    locked: list[bool] = []
    lander = Lander(
        scene.worker.engine, scene.worker.redis, lambda _point: locked.append(bool(scene.worker.redis.exists(name)))
    )
    turns.run(replace(scene.worker, lander=lander), turn_id)
    assert locked == [True] * 4, "a routing step's and the reply's re-fetch and commit"
    assert not scene.worker.redis.exists(name)


def a_held_turn_is_not_to_be_had(scene: Scene) -> None:
    turn_id = written(scene.people)
    assert take(scene.people, turn_id) is not None
    assert take(scene.people, turn_id) is None


@dataclass
class Witness:
    """A queue that looks, over a connection of its own, whether what it is told of is there."""

    services: Services
    seen: list[tuple[str, int]]

    def announce(self, turns: Sequence[Started]) -> None:
        """Something was written, and perhaps a turn started."""
        self.seen.append(("event", self._count("SELECT count(*) FROM change WHERE body -> 'messages' <> '[]'")))
        self.seen += [("turn", self._count("SELECT count(*) FROM turn")) for _turn in turns]

    def _count(self, statement: str) -> int:
        with self.services.reading() as connection:
            return int(connection.execute(text(statement)).scalar_one())


def everything_is_announced_after_its_commit(scene: Scene) -> None:
    witness = Witness(scene.people.services, [])
    services = Services(scene.people.services.database, witness)
    with services.transaction() as writing:
        received = writes(writing.connection, scene.people.token, "Hello")
        writing.start_turn(received.turn_id)
    assert sorted(witness.seen) == [("event", 1), ("turn", 1)]


@dataclass(frozen=True)
class Fault:
    """A guard taken out, and the check that must notice."""

    name: str
    plant: Callable[[Scene], Any]
    check: Callable[[Scene], None]

    def __str__(self) -> str:
        return self.name


FAULTS = (
    Fault("no version check", lambda _: faults.no_version_check(), a_reply_in_the_window_parks),
    Fault("no UNIQUE", lambda s: faults.no_unique(s.worker.engine), the_database_refuses_a_second_reply),
    Fault("no fence", lambda _: faults.no_fence(), a_late_holder_lands_nothing),
    Fault("epoch ignored", lambda _: faults.epoch_ignored(), a_reply_parks_and_says_who_replied),
    Fault("row count unchecked", lambda _: faults.row_count_unchecked(), an_assignment_in_the_window_costs_a_try),
    Fault("whole-object save", lambda _: faults.whole_object_save(), an_assignment_while_it_thinks_stands),
    Fault("release before commit", lambda _: faults.release_before_commit(), the_lock_is_held_until_the_commit),
    Fault("cached re-read", lambda _: faults.cached_reread(), a_reply_in_the_window_parks),
    Fault("enqueue before commit", lambda _: faults.enqueue_before_commit(), everything_is_announced_after_its_commit),
    Fault("metadata replaced", lambda _: faults.metadata_replaced(), other_metadata_survives),
    Fault("lease on the process clock", lambda _: faults.lease_on_the_process_clock(), a_held_turn_is_not_to_be_had),
    Fault(
        "published before commit", lambda _: faults.published_before_commit(), everything_is_announced_after_its_commit
    ),
)
CHECKS = {fault.check.__name__: fault.check for fault in FAULTS}


@pytest.mark.parametrize("name", CHECKS)
def test_the_product_as_it_is_passes(scene: Scene, name: str) -> None:
    CHECKS[name](scene)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_is_caught(scene: Scene, fault: Fault, record_property: Any) -> None:
    with fault.plant(scene), pytest.raises((AssertionError, pytest.fail.Exception)) as caught:
        fault.check(scene)
    print(f"caught: {fault}, by {fault.check.__name__}: {str(caught.value).splitlines()[:1]}")
    record_property("planted faults, each caught", 1)


def test_there_are_twelve() -> None:
    assert len({fault.name for fault in FAULTS}) == 12
