"""A colleague's name behind an @ in a note: who is meant, who hears of it, and that it stays in the project."""

from __future__ import annotations

import pytest
from redis import Redis
from sqlalchemy import text

from inbox import mentions, passing
from inbox.access import Agent
from inbox.services import Services
from tests.integration.callers import Caller, House
from tests.integration.reader import Sit

TEAM = [{"id": 1, "name": "Ana"}, {"id": 2, "name": "Ana Duarte"}, {"id": 3, "name": "Đức"}, {"id": 4, "name": "Ana"}]


@pytest.mark.parametrize(
    ("content", "meant"),
    [
        ("@Ana Duarte please look", [2]),
        ("@Ana, please look", [1, 4]),
        ("(@ana duarte) and @Ana", [2, 1, 4]),
        ("@Đức?", [3]),
        ("@Anabel", []),
        ("mail me at x@Ana.example", []),
        ("Ana", []),
    ],
)
def test_who_is_meant(content: str, meant: list[int]) -> None:
    assert mentions.named_in(content, TEAM) == meant


def test_a_programs_note_calls_too(house: House, redis_url: str) -> None:
    """Once: what is sent again with the same key was heard already."""
    number = house.visit("Hello").conversation_id
    channel = Redis.from_url(redis_url).pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]  # redis-py
    channel.subscribe(passing.CHANNEL)
    channel.get_message(timeout=30)  # the subscription stands
    for _ in range(2):
        body = {"content": "@Ben, do you know her?", "private": True}
        house.ada.post(f"/conversations/{number}/messages", body, headers={"Idempotency-Key": "note-1"})
    Redis.from_url(redis_url).publish(passing.CHANNEL, b"over")
    signs = [passing.decode(told) for told in iter(lambda: channel.get_message(timeout=30)["data"], b"over")]
    called = [(sign.agent_id, sign.data["by"]) for sign in signs if sign and sign.name == "mention"]
    assert called == [(house.ben.id, "Ada")]


def figure(services: Services, house: House, who: Caller) -> int:
    agent = Agent(who.id, "", "", house.project_id, "agent")
    with services.reading() as connection:
        return mentions.unseen(connection, agent)["mentions"]


def test_the_mentioned_have_it_until_they_look(house: House, other_house: House, sit: Sit, services: Services) -> None:
    number = house.visit("Hello", name="Leila").conversation_id
    path = f"/conversations/{number}/messages"
    house.ada.post(path, {"content": "@Ben and @Ada, do you know <her>?", "private": True})
    house.ada.post(path, {"content": "@Ben, I am Ada"})  # said to the visitor: nobody is called
    assert [figure(services, house, one) for one in (house.ben, house.ada)] == [1, 0]
    assert figure(services, other_house, other_house.ben) == 0, "a namesake elsewhere"
    ben = sit(house.ben)
    page = ben.open("/?view=mentions")
    assert f'id="row-{number}"' in page
    assert '<span class="mention">@Ben</span>' in ben.open(f"/conversations/{number}?view=mentions")
    assert "&lt;her&gt;" in ben.open(f"/conversations/{number}")
    assert f'id="row-{number}"' in ben.client.get(f"/parts/changed?view=mentions&ids={number}").text
    other = house.visit("Hi").conversation_id
    assert 'id="row-' not in ben.client.get(f"/parts/changed?view=mentions&ids={other}").text
    with services.statement() as writing:
        me = Agent(house.ben.id, "Ben", "", house.project_id, "agent")
        assert mentions.see(writing.connection, me, number)
        assert not mentions.see(writing.connection, me, number)
    assert figure(services, house, house.ben) == 0


def test_only_members_can_be_meant(house: House, other_house: House, services: Services) -> None:
    """Whoever's id was asked for: the statement itself looks at the membership."""
    from inbox import acts_sql

    number = house.visit("Hello").conversation_id
    asked = {"conversation": number, "project": house.project_id, "who": house.ada.id, "who_name": "Ada"}
    ids = [house.ben.id, other_house.ben.id]
    with services.statement() as writing:
        writing.connection.execute(
            acts_sql.NOTE, {**asked, "content": "x", "mentioned": ids, "files": [], "details": "{}"}
        )
        found = writing.connection.execute(text("SELECT agent_id FROM mention")).scalars().all()
    assert found == [house.ben.id]
