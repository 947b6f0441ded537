"""People against people: acts that meet in one conversation, each interleaving forced."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from inbox import acts, as_seen
from inbox.errors import StaleClaim, StaleVersion
from tests.concurrency.one_chain import chain
from tests.conftest import InBackground
from tests.locks import until_waiting
from tests.people import People


def test_solving_by_a_click_meets_a_colleague(people: People, in_background: InBackground) -> None:
    """Both saw the same; what the colleague sets is written a moment before, and is not written over."""
    seen = people.conversation()["version"]

    def solve() -> str:
        try:
            with people.services.statement() as writing:
                changes = {"status": "solved"}
                as_seen.patch_undoably(writing.connection, people.ana, people.conversation_id, changes, seen=seen)
        except StaleVersion as lost:
            return str(lost.extra["by"])
        return "solved"

    with people.services.transaction() as writing:
        acts.patch(writing.connection, people.ben, people.conversation_id, {"status": "pending"})
        solving = in_background(solve)
        until_waiting(people.services, 1)
    assert solving.result() == "Ben"
    assert people.conversation()["status"] == "pending"


def test_one_claim_wins(people: People, in_background: InBackground) -> None:
    """160 clicks, one owner, one step of the version, one entry."""
    clicks = 160
    together = threading.Barrier(16)

    def click(n: int) -> list[object]:
        who = people.ana if n % 2 else people.ben
        together.wait()
        return [attempt(who) for _ in range(clicks // 16)]

    def attempt(who: Any) -> object:
        try:
            return people.act("claim", who=who).row["assignee_id"]
        except StaleClaim as late:
            return late.extra["owner"]["id"]

    answers = [answer for runner in [in_background(click, n) for n in range(16)] for answer in runner.result()]
    found = people.conversation()
    assert set(answers) == {found["assignee_id"]}
    assert len(answers) == clicks
    assert (found["version"], found["epoch"]) == (1, 1)
    assert [entry["kind"] for entry in people.timeline()] == ["assigned"]


def test_columns_do_not_overwrite_each_other(people: People, in_background: InBackground) -> None:
    """Two people change different things at the same moment; both stand."""
    with people.services.transaction() as writing:
        acts.patch(writing.connection, people.ana, people.conversation_id, {"status": "pending"})
        other = in_background(lambda: people.patch(people.ben, priority="urgent", labels=["vip"]))
        until_waiting(people.services, 1)
    other.result()
    found = people.conversation()
    assert (found["status"], found["priority"], found["labels"]) == ("pending", "urgent", ["vip"])
    assert (found["version"], found["epoch"]) == (2, 2)
    chain(people)


def test_attributes_merge_key_by_key(people: People, in_background: InBackground) -> None:
    with people.services.transaction() as writing:
        acts.patch(writing.connection, people.ana, people.conversation_id, {"custom_attributes": {"plan": "gold"}})
        other = in_background(lambda: people.patch(people.ben, custom_attributes={"seats": 3}))
        until_waiting(people.services, 1)
    other.result()
    assert people.conversation()["custom_attributes"] == {"plan": "gold", "seats": 3}


def test_if_match_counts_what_was_committed_while_it_waited(people: People, in_background: InBackground) -> None:
    def late() -> StaleVersion:
        with pytest.raises(StaleVersion) as stale, people.services.statement() as writing:
            acts.patch(writing.connection, people.ben, people.conversation_id, {"status": "spam"}, seen=[0])
        return stale.value

    with people.services.transaction() as writing:
        acts.patch(writing.connection, people.ana, people.conversation_id, {"status": "pending"})
        other = in_background(late)
        until_waiting(people.services, 1)
    assert other.result().extra["conversation"]["status"] == "pending"
    assert people.conversation()["status"] == "pending"


def test_the_same_change_twice_counts_once(people: People, in_background: InBackground) -> None:
    with people.services.transaction() as writing:
        acts.patch(writing.connection, people.ana, people.conversation_id, {"status": "solved"})
        other = in_background(lambda: people.patch(people.ben, status="solved"))
        until_waiting(people.services, 1)
    assert other.result().row["version"] == 1
    assert [entry["kind"] for entry in people.timeline()] == ["status"]


def test_a_storm(people: People, in_background: InBackground) -> None:
    """Whatever meets: one chain of versions, message ids and timestamps that rise, and epochs that count people."""

    def storm(seed: int) -> None:
        dice = random.Random(seed)
        who = people.ana if seed % 2 else people.ben
        for n in range(15):
            possible: list[Callable[[], object]] = [
                lambda: people.visitor_writes("x"),
                lambda: people.act("reply", "y", who=who),
                lambda: people.act("note", "z", who=who),
                lambda: people.act("take_over", who=who),
                lambda: people.act("give_back", who=who),
                partial(people.patch, who, custom_attributes={f"{seed}.{n}": 1}),
            ]
            dice.choice(possible)()

    for runner in [in_background(storm, seed) for seed in range(6)]:
        runner.result()
    chain(people)
    live = [turn for turn in people.turns() if turn["status"] in {"queued", "thinking"}]
    assert len(live) <= 1
    found, public = people.conversation(), [m for m in people.messages() if not m["private"]]
    if found["responder_state"] == "active" and public[-1]["author"] == "visitor":
        assert len(live) == 1
