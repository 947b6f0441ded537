"""Visitors who write at the same time are taken in together, each as if they had come alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from inbox import reception
from inbox.errors import Unauthorized
from inbox.idempotency import Asked
from inbox.receiving import Coming, Receipt, Said, receive, receive_several
from inbox.reception import Reception
from inbox.services import Services
from inbox.visiting import Visit
from tests.background import Background
from tests.conftest import InBackground, ListQueue
from tests.locks import until_waiting
from tests.people import People
from tests.product import wait_for

SOLVED = "UPDATE conversation SET status = 'solved' WHERE id = :conversation"
SNOOZED = """
UPDATE conversation SET status = 'snoozed', snoozed_until = clock_timestamp() + interval '1 day'
WHERE id = :conversation"""
STATES: dict[str, Callable[[People], object]] = {
    "new": lambda people: None,
    "solved": lambda people: people.behind_the_back(SOLVED),
    "snoozed": lambda people: people.behind_the_back(SNOOZED),
    "spam": lambda people: people.patch(status="spam"),
    "taken over": lambda people: people.act("take_over"),
    "answered by a person": lambda people: (people.visitor_writes(), people.act("reply", "Here it is.")),
    "with a live turn": lambda people: people.visitor_writes(),
    "somebody's": lambda people: people.patch(assignee_id=people.ben.id),
}


def nobody_here(_visit: Visit) -> bool:
    return False


def asked(people: People, key: str = "a key") -> Asked:
    return Asked(f"visitor:{people.visit.visitor_id}", key, b"digest")


@pytest.fixture
def seven(people: People) -> list[People]:
    """Visitors of one project, each in a conversation of their own."""
    return [people.arrives_too() for _ in range(7)]


def take_in(services: Services, coming: Sequence[Coming]) -> list[Receipt | None]:
    with services.statement() as writing:
        return receive_several(writing.connection, coming)


def left_out(services: Services, *coming: Coming) -> list[int]:
    return [place for place, receipt in enumerate(take_in(services, coming)) if receipt is None]


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize("answers_when", ["always", "unassigned"])
def test_each_is_stored_as_if_it_had_come_alone(people: People, keyed: bool, answers_when: str) -> None:
    people.behind_the_back("UPDATE project SET answers_when = :answers_when", answers_when=answers_when)
    pairs = [(people.arrives_too(), people.arrives_too()) for _ in STATES]
    for settle, pair in zip(STATES.values(), pairs, strict=True):
        for one in pair:
            settle(one)

    def coming(one: People) -> Coming:
        return Coming(one.token, Said(f"  Where is <it>? {'x' * 300}"), asked(one) if keyed else None)

    with people.services.statement() as writing:
        alone = [receive(writing.connection, coming(one), nobody_here) for one, _ in pairs]
    together = take_in(people.services, [coming(other) for _, other in pairs])
    for name, (one, other), by_itself, with_others in zip(STATES, pairs, alone, together, strict=True):
        assert with_others is not None, name
        assert stored(other) == stored(one), name
        assert (with_others.turn_id is None) == (by_itself.turn_id is None), name
        assert with_others.message["conversation_id"] == other.conversation_id, name
        assert without_ids({**with_others.message, "place": 1}) == without_ids(by_itself.message), name


def test_each_hears_of_its_own_message_and_turn(seven: list[People]) -> None:
    receipts = take_in(seven[0].services, [Coming(one.token, Said(f"From {one.token}")) for one in seven])
    for one, receipt in zip(seven, receipts, strict=True):
        assert receipt is not None
        (message,), (turn,) = one.messages(), one.turns()
        assert receipt.message["id"] == message["id"]
        assert receipt.message["content"] == message["content"] == f"From {one.token}"
        assert receipt.turn_id == turn["id"]


def test_whoever_is_in_nobodys_way_waits_for_nobody(seven: list[People]) -> None:
    """A conversation that somebody is writing to, and a key whose first request is under way, are left out."""
    services, (busy, repeated, free, *_) = seven[0].services, seven
    with services.database.begin() as landing, services.database.begin() as first:
        landing.execute(text("SELECT 1 FROM conversation WHERE id = :id FOR UPDATE"), {"id": busy.conversation_id})
        receive(first, Coming(repeated.token, Said("Once"), asked(repeated)), nobody_here)
        coming = [Coming(one.token, Said("Once"), asked(one)) for one in (busy, repeated, free)]
        assert left_out(services, *coming) == [0, 1]
    assert [len(one.messages()) for one in (busy, repeated, free)] == [0, 1, 1]


def test_of_one_conversation_only_the_first(seven: list[People]) -> None:
    services, (one, other, *_) = seven[0].services, seven
    coming = [Coming(one.token, Said(word)) for word in ("First", "Second")]
    assert left_out(services, coming[0], Coming(other.token, Said("Other")), coming[1]) == [2]
    assert [message["content"] for message in one.messages()] == ["First"]


def test_of_one_key_only_the_first(seven: list[People]) -> None:
    """Two clicks: the second one is the first's repetition, which is told by itself."""
    one = seven[0]
    coming = Coming(one.token, Said("Once"), asked(one))
    assert left_out(one.services, coming, coming) == [1]
    assert left_out(one.services, coming, Coming(seven[1].token, Said("Other"))) == [0]
    assert len(one.messages()) == 1


def test_a_stranger_is_left_out(seven: list[People]) -> None:
    assert left_out(seven[0].services, Coming("nobody", Said("Hello")), Coming(seven[0].token, Said("Hello"))) == [0]


def test_of_whom_more_has_to_be_known_is_left_out(people: People, seven: list[People]) -> None:
    people.behind_the_back("UPDATE project SET answers_when = 'no_agent_online'")
    assert left_out(people.services, *(Coming(one.token, Said("Hello")) for one in seven)) == [0, 1, 2, 3, 4, 5, 6]


class Rush:
    """Visitors who come while one is being taken in, who has to wait for somebody at their conversation."""

    def __init__(self, services: Services, in_background: InBackground, first: People) -> None:
        self.door = Reception(services)
        self._services = services
        self._in_background = in_background
        self._first = first

    def comes(self, *coming: Coming, meanwhile: Callable[[], object] = lambda: None) -> list[Any]:
        """What each is told, or the error; `meanwhile` is done once they are under way."""
        with self._services.database.begin() as landing:
            at = {"id": self._first.conversation_id}
            landing.execute(text("SELECT 1 FROM conversation WHERE id = :id FOR UPDATE"), at)
            told = [self._told(Coming(self._first.token, Said("I was first.")))]
            until_waiting(self._services, 1)
            told += [self._told(one) for one in coming]
            wait_for("all to wait", lambda: len(self.door._gathering._waiting) == len(coming))
        told[0].result()  # so that whoever waits now is of the others
        meanwhile()
        return [one.result() for one in told[1:]]

    def _told(self, coming: Coming) -> Background:
        def take_in() -> Any:
            try:
                return self.door.take_in(coming, nobody_here)
            except (DBAPIError, Unauthorized) as error:
                return error

        return self._in_background(take_in)


@pytest.fixture
def rush(people: People, in_background: InBackground, monkeypatch: pytest.MonkeyPatch) -> Rush:
    """Whose first is in another project, and nobody's patience ends."""
    monkeypatch.setattr(reception, "PATIENCE_SECONDS", 60)
    return Rush(people.services, in_background, People.arrive(people.services))


def test_who_comes_meanwhile_is_taken_in_with_one_commit(
    seven: list[People], rush: Rush, turn_queue: ListQueue
) -> None:
    receipts = rush.comes(*(Coming(one.token, Said(f"From {one.token}"), asked(one)) for one in seven))
    assert [receipt.message["content"] for receipt in receipts] == [f"From {one.token}" for one in seven]
    with seven[0].services.reading() as connection:
        commits = connection.execute(text("SELECT count(DISTINCT CAST(xmin AS text)) FROM message")).scalar_one()
    assert commits == 2, "the first's, and that of all others"
    assert sorted(turn_queue.turns)[1:] == sorted(receipt.turn_id for receipt in receipts)


def test_who_cannot_be_taken_in_with_the_others_hears_why(seven: list[People], rush: Rush) -> None:
    services, (one, other, replayed, *_) = seven[0].services, seven
    again = Coming(replayed.token, Said("Once"), asked(replayed))
    with services.statement() as writing:
        receive(writing.connection, again, nobody_here)
    words = [Coming(one.token, Said("A"), asked(one)), Coming("nobody", Said("B")), again, Coming(one.token, Said("C"))]
    first, stranger, second, last = rush.comes(*words)
    assert isinstance(stranger, Unauthorized)
    assert (first.replayed, second.replayed, last.replayed) == (False, True, False)
    assert [message["content"] for message in one.messages()] == ["A", "C"]
    assert not other.messages()


def test_what_the_database_refuses_of_one_costs_the_others_nothing(seven: list[People], rush: Rush) -> None:
    seven[0].behind_the_back("ALTER TABLE message ADD CHECK (content <> 'Refused')")
    told = rush.comes(*(Coming(one.token, Said("Refused" if one is seven[3] else "Taken")) for one in seven))
    assert isinstance(told[3], DBAPIError)
    assert [len(one.messages()) for one in seven] == [1, 1, 1, 0, 1, 1, 1]


def test_what_may_have_been_stored_is_not_stored_again(seven: list[People], rush: Rush) -> None:
    """The connection is lost and with it the answer: each hears that it is not known, and may ask again by its key."""
    services = seven[0].services
    coming = [Coming(one.token, Said("Once"), asked(one)) for one in seven]
    with services.database.begin() as deleting:
        deleting.execute(text("SELECT 1 FROM project WHERE id = :id FOR UPDATE"), {"id": seven[0].project_id})
        told = rush.comes(*coming, meanwhile=lambda: lose_who_waits(services))
    assert [type(one).__name__ for one in told] == ["OperationalError"] * 7
    assert [len(one.messages()) for one in seven] == [0] * 7
    with services.statement() as writing:
        assert not any(receive(writing.connection, one, nobody_here).replayed for one in coming)


def test_a_repetition_beside_its_first_is_told_of_it(seven: list[People], rush: Rush) -> None:
    one, other, *_ = seven
    coming = Coming(one.token, Said("Once"), asked(one))
    receipts = rush.comes(coming, Coming(other.token, Said("Hello")), coming)
    assert [receipt.replayed for receipt in receipts] == [False, False, True]
    assert receipts[0].message["id"] == receipts[2].message["id"]


def lose_who_waits(services: Services) -> None:
    until_waiting(services, 1)
    with services.database.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        )


def stored(people: People) -> dict[str, Any]:
    """All that is written of a conversation, but for ids and moments."""
    tables = ("conversation", "message", "turn", "timeline_event", "change")
    with people.services.reading() as connection:
        return {
            table: [
                without_ids(row[0])
                for row in connection.execute(
                    text(
                        f"SELECT to_jsonb({table}) FROM {table}"
                        f" WHERE {'id' if table == 'conversation' else 'conversation_id'} = :id ORDER BY id"
                    ),
                    {"id": people.conversation_id},
                )
            ]
            for table in tables
        }


def without_ids(value: Any) -> Any:
    """Of ids and moments only whether they are there."""
    if isinstance(value, Mapping):
        return {
            name: inner is not None
            if re.search(r"(^|_)(id|at|since|until|turn|timestamp|answers|up_to)$", name)
            else without_ids(inner)
            for name, inner in value.items()
        }
    return [without_ids(inner) for inner in value] if isinstance(value, list) else value
