"""Managers are told that the model does not answer, what its server said and what to do, until it answers again."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, text

from inbox import model_faults
from inbox.pages.model_words import BY_STATUS, OTHERWISE, advice
from inbox.services import Services
from responder.answer import ModelFailed
from responder.breaker import LocalBreaker
from responder.endpoint import Endpoint, Limits
from responder.model import Model
from tests.integration.callers import Caller, House
from tests.integration.reader import Reader, shown
from tests.people import People

REFUSED = "https://api.example/v1 refused: Error code: 401 - Incorrect API key provided"
HAND_OFF = text(
    """
INSERT INTO timeline_event (project_id, conversation_id, version, kind, actor_type, data, at)
SELECT c.project_id, c.id, c.version, 'handed_off', 'responder', CAST(:data AS jsonb),
    statement_timestamp() - make_interval(mins => :ago)
FROM conversation c WHERE c.id = :conversation
"""
)
ANSWER = text(
    """
INSERT INTO turn (project_id, conversation_id, status, ended_at)
SELECT project_id, id, 'landed', statement_timestamp() - make_interval(mins => :ago)
FROM conversation WHERE id = :conversation
"""
)


def hand_off(
    connection: Connection, conversation_id: int, ago: int, reason: str = "model_failed", detail: str = REFUSED
) -> None:
    data = json.dumps({"reason": reason, "detail": detail})
    connection.execute(HAND_OFF, {"conversation": conversation_id, "ago": ago, "data": data})


def test_one_sees_it_and_what_to_do(house: House, services: Services, sit: Callable[[Caller], Reader]) -> None:
    ada, ben = sit(house.ada), sit(house.ben)
    number = house.visit("Hello").conversation_id
    told = "The model does not answer."
    with services.database.begin() as connection:
        for ago in (20, 10):
            hand_off(connection, number, ago)
    assert told not in ada.open("/"), "two may be a server that was restarted"
    with services.database.begin() as connection:
        hand_off(connection, number, 5)
    for path in ("/", "/parts/views", "/settings"):
        page = shown(ada.open(path))
        assert told in page
        assert "Incorrect API key provided" in page
        assert "set OPENAI_API_KEY anew" in page
        assert told not in ben.open(path)
    assert "Incorrect API key provided" in ben.open(f"/conversations/{number}"), "why it came to them"
    with services.database.begin() as connection:
        connection.execute(ANSWER, {"conversation": number, "ago": 1})
    assert told not in ada.open("/")


@pytest.mark.parametrize(
    ("moments", "answered", "is_told"),
    [((3, 2, 1), 4, True), ((3, 2, 1), 2, False), ((70, 2, 1), 80, False), ((90, 3, 2, 1), 80, True)],
)
def test_only_several_in_a_row_within_the_hour(
    people: People, moments: tuple[int, ...], answered: int, is_told: bool
) -> None:
    with people.services.database.begin() as connection:
        for ago in moments:
            hand_off(connection, people.conversation_id, ago)
        hand_off(connection, people.conversation_id, 0, "asked")
        connection.execute(ANSWER, {"conversation": people.conversation_id, "ago": answered})
    with people.services.reading() as connection:
        assert (model_faults.found(connection, people.ana) is not None) == is_told


def test_why_is_said_also_while_nobody_is_asked(people: People) -> None:
    """Turns that come while the servers are left alone say only that: a wrong key was never heard of again."""
    everybody = [people, *(people.arrives_too() for _ in range(3))]
    details = [REFUSED, *3 * [model_faults.ASKED_NOBODY]]
    for one in everybody:
        one.visitor_writes()
    with people.services.database.begin() as connection:
        for one, ago, detail in zip(everybody, (4, 3, 2, 1), details, strict=True):
            hand_off(connection, one.conversation_id, ago, detail=detail)
    with people.services.reading() as connection:
        assert (model_faults.found(connection, people.ana) or {})["detail"] == REFUSED
        assert (model_faults.newest(connection, people.ana) or {})["detail"] == REFUSED


def test_who_asked_nobody_for_an_hour_says_so(people: People) -> None:
    with people.services.database.begin() as connection:
        for ago in (3, 2, 1):
            hand_off(connection, people.conversation_id, ago, detail=model_faults.ASKED_NOBODY)
    with people.services.reading() as connection:
        assert (model_faults.found(connection, people.ana) or {})["detail"] == model_faults.ASKED_NOBODY


def test_the_words_of_who_asked_nobody() -> None:
    class Closed(LocalBreaker):
        def allows(self, endpoint: str) -> bool:
            return False

    endpoint = Endpoint.at("http://127.0.0.1:9/v1", "m", "k")
    with pytest.raises(ModelFailed) as failure:
        Model([endpoint], Limits(1, 1, 1), Closed()).ask([{"role": "user", "content": "Hello"}])
    assert str(failure.value) == model_faults.ASKED_NOBODY


@pytest.mark.parametrize("status", [*BY_STATUS, "500"])
def test_advice(status: str) -> None:
    expected = BY_STATUS.get(status, OTHERWISE)
    assert advice(f"https://api.example/v1 refused: Error code: {status} - No.") == expected
    assert advice("https://api.example/v1 did not answer in time.") == OTHERWISE
