"""People against people: acts that meet in one conversation, each interleaving forced."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from inbox import acts, acts_sql, as_seen, visiting
from inbox.errors import StaleClaim, StaleVersion
from jobs import claim
from tests.conftest import InBackground, ListQueue
from tests.locks import until_waiting
from tests.people import People


@contextmanager
def visitor_is_writing(people: People) -> Iterator[None]:
    """The visitor's message has been written and is committed when the block ends."""
    with people.services.transaction() as writing:
        received = visiting.receive(writing.connection, people.visit, "And this?", agent_online=False)
        writing.start_turn(received.turn_id)
        yield


def statuses(people: People) -> list[str]:
    return [turn["status"] for turn in people.turns()]


def test_give_back_meets_a_message(people: People, in_background: InBackground, turn_queue: ListQueue) -> None:
    """The agent gives back while a message is being written: it started no turn, so giving back must."""
    people.act("take_over")
    with visitor_is_writing(people):
        giving = in_background(people.act, "give_back")
        until_waiting(people.services, 1)
    assert giving.result().row["responder_state"] == "active"
    assert statuses(people) == ["queued"]
    assert turn_queue.turns == [people.turns()[0]["id"]]


def test_stop_meets_a_message(people: People, in_background: InBackground) -> None:
    """The agent stops while a message is being written that the turn has not read."""
    turn_id = people.visitor_writes()
    assert turn_id is not None
    with people.services.statement() as writing:
        assert claim.claim(writing.connection, turn_id, lease_seconds=30, max_attempts=3) is not None
    with visitor_is_writing(people):
        stopping = in_background(people.act, "stop", turn_id)
        until_waiting(people.services, 1)
    assert stopping.result()["status"] == "cancelled"
    assert statuses(people) == ["cancelled", "queued"]


def stopped(people: People) -> None:
    """The turn that thought was stopped, and nobody answers."""
    turn_id = people.visitor_writes()
    assert turn_id is not None
    with people.services.statement() as writing:
        assert claim.claim(writing.connection, turn_id, lease_seconds=30, max_attempts=3) is not None
    people.act("stop", turn_id)
    assert people.conversation()["left_to_people"]


def test_what_was_stopped_is_given_back_once(people: People, turn_queue: ListQueue) -> None:
    stopped(people)
    given = people.act("give_back")
    assert statuses(people) == ["cancelled", "queued"]
    assert given.turn_id == people.turns()[-1]["id"] == turn_queue.turns[-1]
    assert not given.row["left_to_people"]
    assert people.timeline()[-1]["kind"] == "given_back"
    assert people.act("give_back").row["version"] == given.row["version"], "a turn is at it"


def test_two_give_back_what_was_stopped(people: People, in_background: InBackground) -> None:
    """At the same moment, and the second waits for the first."""
    stopped(people)
    with people.services.transaction() as writing:
        acts.give_back(writing.connection, people.ana, people.conversation_id)
        other = in_background(partial(people.act, "give_back", who=people.ben))
        until_waiting(people.services, 1)
    assert other.result().turn_id is None
    assert statuses(people) == ["cancelled", "queued"]
    chain(people)


def test_what_was_stopped_is_given_back_while_the_visitor_writes(people: People, in_background: InBackground) -> None:
    stopped(people)
    with visitor_is_writing(people):
        giving = in_background(people.act, "give_back")
        until_waiting(people.services, 1)
    assert giving.result().turn_id is None, "the message started one, which answers both"
    assert statuses(people) == ["cancelled", "queued"]
    chain(people)


def test_what_was_stopped_is_given_back_while_an_agent_replies(people: People, in_background: InBackground) -> None:
    """They were answered: the responder has the conversation again, and nothing to say."""
    stopped(people)
    with people.services.transaction() as writing:
        acts.reply(writing.connection, people.ben, people.conversation_id, "I have this.")
        giving = in_background(people.act, "give_back")
        until_waiting(people.services, 1)
    given = giving.result()
    assert (given.row["responder_state"], given.row["left_to_people"], given.turn_id) == ("active", False, None)
    assert statuses(people) == ["cancelled"]
    chain(people)


@pytest.mark.parametrize("act", [("reply", "I have this."), ("take_over",)])
def test_a_person_takes_it_while_a_message_is_written(
    people: People, in_background: InBackground, act: tuple[str, ...]
) -> None:
    """The turn that the message started is cancelled, although it is younger than the agent's click."""
    with visitor_is_writing(people):
        taking = in_background(people.act, *act)
        until_waiting(people.services, 1)
    taking.result()
    assert statuses(people) == ["cancelled"]
    assert people.conversation()["responder_state"] == "paused"
    chain(people)


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


def without_freshness(name: str) -> Any:
    """The statement as it would be if it trusted what it saw before it waited."""
    statement = getattr(acts_sql, name).text
    careless = statement.replace("AND fresh.fresh", "").replace("fresh.fresh FROM", "true AS fresh FROM")
    assert careless != statement
    return text(careless)


def test_without_the_guard_the_message_would_wait_for_ever(
    people: People, in_background: InBackground, turn_queue: ListQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts_sql, "GIVE_BACK", without_freshness("GIVE_BACK"))
    with pytest.raises(AssertionError):
        test_give_back_meets_a_message(people, in_background, turn_queue)


def test_without_the_guard_the_turn_would_go_on(
    people: People, in_background: InBackground, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts_sql, "TAKE_OVER", without_freshness("TAKE_OVER"))
    with pytest.raises(AssertionError):
        test_a_person_takes_it_while_a_message_is_written(people, in_background, ("take_over",))


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


def chain(people: People) -> None:
    """Every version is one step of the timeline, and messages stand in commit order."""
    found, entries = people.conversation(), people.timeline()
    versions = sorted({entry["version"] for entry in entries})
    assert versions == list(range(1, found["version"] + 1))
    assert len({e["version"] for e in entries if e["actor_type"] == "agent"}) == found["epoch"]
    told = [entry["data"]["message_id"] for entry in entries if entry["kind"] in {"message", "note"}]
    assert told == sorted(told) == [message["id"] for message in people.messages()]
    public = [message for message in people.messages() if not message["private"]]
    times = [message["created_at"] for message in public]
    assert times == sorted(times)
    if public:
        assert found["last_message_id"] == public[-1]["id"]
        assert found["last_message_timestamp"] == times[-1]
