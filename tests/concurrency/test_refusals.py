"""A turn that was refused because people had the conversation, and what they did while it was being refused."""

from __future__ import annotations

import pytest
from redis import Redis

from jobs import claim, snapshot
from jobs.landing import Landed, Lander
from jobs.values import Claimed, Work
from tests.people import People


@pytest.fixture
def lander(people: People, redis_url: str) -> Lander:
    return Lander(people.services.database, Redis.from_url(redis_url))


def take(people: People, turn_id: int | None) -> Claimed:
    assert turn_id is not None
    with people.services.statement() as writing:
        claimed = claim.claim(writing.connection, turn_id, lease_seconds=30, max_attempts=3)
    assert claimed is not None
    return claimed


def refused(people: People, claimed: Claimed) -> Work:
    with people.services.reading() as connection:
        work = snapshot.read(connection, claimed)
    assert work is not None
    assert work.refusal is not None
    return work


def land(lander: Lander, work: Work) -> Landed:
    assert work.refusal is not None
    return lander.land(work.claimed, work.basis, work.refusal)


def test_given_back_while_it_was_refused(people: People, lander: Lander) -> None:
    """Give back starts no turn beside a live one, so the refused one must leave another behind."""
    claimed = take(people, people.visitor_writes())
    people.act("take_over")
    work = refused(people, claimed)
    assert people.act("give_back").turn_id is None, "a turn is live"
    landed = land(lander, work)
    assert landed.next_turn is not None
    assert take(people, landed.next_turn).answers == claimed.answers


def test_no_spam_after_all(people: People, lander: Lander) -> None:
    claimed = take(people, people.visitor_writes())
    people.patch(status="spam")
    work = refused(people, claimed)
    people.patch(status="open")
    assert land(lander, work).next_turn is not None


def test_written_while_a_turn_with_nothing_to_answer_was_refused(people: People, lander: Lander) -> None:
    idle = "SELECT project_id, id FROM conversation WHERE id = :conversation"
    people.behind_the_back(f"INSERT INTO turn (project_id, conversation_id) {idle}")
    work = refused(people, take(people, people.turns()[0]["id"]))
    assert people.visitor_writes() is None, "a turn is live"
    assert land(lander, work).next_turn is not None


@pytest.mark.parametrize("still", ["taken over", "spam", "assigned", "switched off", "replied"])
def test_what_is_still_refused_starts_nothing(people: People, lander: Lander, still: str) -> None:
    """Else refused turns would follow each other for ever."""
    claimed = take(people, people.visitor_writes())
    {"taken over": take_over, "spam": spam, "assigned": assign, "switched off": switch_off, "replied": reply}[still](
        people
    )
    assert land(lander, refused(people, claimed)).next_turn is None


def take_over(people: People) -> None:
    people.act("take_over")


def spam(people: People) -> None:
    people.patch(status="spam")


def assign(people: People) -> None:
    people.behind_the_back("UPDATE project SET answers_when = 'unassigned' WHERE :conversation > 0")
    people.act("claim")


def switch_off(people: People) -> None:
    people.behind_the_back("UPDATE project SET responder_enabled = false WHERE :conversation > 0")


def reply(people: People) -> None:
    people.act("reply", "Hello.")
