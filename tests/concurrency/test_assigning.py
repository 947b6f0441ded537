"""The rule that assigns: the fewest first, below the capacity, in turn, and never two at once beyond it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection

import pytest
from redis import Redis
from sqlalchemy import text

from inbox import assigning, visiting
from inbox.presence import Presence
from jobs import sweep
from jobs.context import Context
from tests.conftest import InBackground
from tests.people import People


@pytest.fixture
def ruled(people: People) -> People:
    """A project with the rule, and a capacity of 10."""
    people.behind_the_back("UPDATE project SET assign_rule = 'fewest'")
    return people


def handed_off(people: People, number: int) -> list[int]:
    """That many conversations that were handed off."""
    ids = []
    with people.services.statement() as writing:
        for _ in range(number):
            session = visiting.start_session(writing.connection, key=people.project_key, visitor={})
            ids.append(session.conversation_id)
        hand_off = "UPDATE conversation SET responder_state = 'handed_off' WHERE id = ANY(:ids)"
        writing.connection.execute(text(hand_off), {"ids": ids})
    return ids


def give(people: People, number: int, here: Collection[int] | None = None) -> tuple[int | None, bool]:
    present = [people.ana.id, people.ben.id] if here is None else here
    with people.services.statement() as writing:
        return assigning.give(writing.connection, people.project_id, number, present)


def owners(people: People) -> Counter[int | None]:
    with people.services.reading() as connection:
        return Counter(connection.execute(text("SELECT assignee_id FROM conversation")).scalars().all())


def test_in_turn_and_the_fewest_first(ruled: People) -> None:
    ids = handed_off(ruled, 7)
    people = [ruled.ana.id, ruled.ben.id]
    assert [give(ruled, number)[0] for number in ids[:4]] == [*people, *people]
    ruled.behind_the_back("UPDATE conversation SET status = 'solved' WHERE assignee_id = :ben", ben=ruled.ben.id)
    assert [give(ruled, number)[0] for number in ids[4:6]] == [ruled.ben.id, ruled.ben.id]
    assert give(ruled, ids[6]) == (ruled.ana.id, False), "now both have two, and Ana waited longer"


def test_who_is_not_here_or_full_gets_none(ruled: People) -> None:
    ids = handed_off(ruled, 5)
    assert give(ruled, ids[0], here=[]) == (None, True)
    assert give(ruled, ids[0], here=[ruled.ben.id]) == (ruled.ben.id, False)
    ruled.behind_the_back("UPDATE project SET assign_capacity = 1")
    assert give(ruled, ids[1], here=[ruled.ben.id]) == (None, True)
    assert give(ruled, ids[1]) == (ruled.ana.id, False)
    ruled.behind_the_back("UPDATE membership SET capacity = 2 WHERE agent_id = :ben", ben=ruled.ben.id)
    assert give(ruled, ids[2]) == (ruled.ben.id, False)
    assert give(ruled, ids[3]) == (None, True)
    assert give(ruled, ids[3], here=[2**40]) == (None, True), "who is no member is nobody"


def test_what_needs_nobody_stays(ruled: People) -> None:
    number = ruled.conversation_id
    assert give(ruled, number) == (None, False), "the responder has it"
    ruled.visitor_writes()
    assert give(ruled, number) == (None, False), "it answers"
    ruled.behind_the_back("UPDATE project SET responder_enabled = false")
    ruled.patch(assignee_id=ruled.ben.id)
    assert give(ruled, number) == (None, False), "Ben has it"
    ruled.patch(assignee_id=None, status="spam")
    assert give(ruled, number) == (None, False)
    ruled.patch(status="open")
    assert give(ruled, number) == (None, False), "a turn is at it still"
    ruled.visitor_writes("Hello?")
    before = ruled.conversation()
    assert give(ruled, number) == (ruled.ana.id, False), "nobody would answer"
    after = ruled.conversation()
    assert (after["version"], after["epoch"]) == (before["version"] + 1, before["epoch"])
    assert (ruled.timeline()[-1]["kind"], ruled.timeline()[-1]["actor_type"]) == ("assigned", "system")


def test_off_is_off(people: People) -> None:
    assert give(people, handed_off(people, 1)[0]) == (None, True)


def test_fifty_at_once(ruled: People, in_background: InBackground) -> None:
    """Fifty hand-offs in the same moment, each given by a thread of its own: nobody gets more than the capacity."""
    ruled.behind_the_back("UPDATE project SET assign_capacity = 20")
    ids = handed_off(ruled, 50)
    barrier = threading.Barrier(25)

    def run(mine: list[int]) -> list[int | None]:
        barrier.wait()
        return [give(ruled, number)[0] for number in mine]

    given = [one.result() for one in [in_background(run, ids[start::25]) for start in range(25)]]
    assert Counter(owners(ruled)) == {ruled.ana.id: 20, ruled.ben.id: 20, None: 11}
    assert sum(one is not None for pair in given for one in pair) == 40


def test_the_same_one_at_once(ruled: People, in_background: InBackground) -> None:
    number = handed_off(ruled, 1)[0]
    barrier = threading.Barrier(8)

    def run() -> int | None:
        barrier.wait()
        return give(ruled, number)[0]

    given = [one.result() for one in [in_background(run) for _ in range(8)]]
    assert len([one for one in given if one is not None]) == 1


def test_the_sweeper_gives_to_those_who_are_here(ruled: People, worker: Context, redis_url: str) -> None:
    handed_off(ruled, 3)
    sweep.sweep(worker)
    assert owners(ruled)[None] == 4, "nobody is here"
    Presence(Redis.from_url(redis_url)).beat(ruled.project_id, ruled.ben.id)
    sweep.sweep(worker)
    assert owners(ruled)[ruled.ben.id] == 3
