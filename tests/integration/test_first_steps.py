"""What a new project lacks is said to its managers, and ticked off from what the project has."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from flask import Flask

from inbox.services import Services
from tests.integration.callers import Caller, House
from tests.integration.reader import Reader, shown
from tests.integration.test_model_faults import ANSWER, hand_off

Sit = Callable[[Caller], Reader]


def left(page: str) -> list[str]:
    """The steps that are not ticked off; none where the list is not shown."""
    return re.findall(r'<li><span class="tick"></span>\s*<div><b>([^<]+)</b>', page)


def test_steps_are_ticked_off_from_what_the_project_has(house: House, sit: Sit) -> None:
    ada = sit(house.ada)
    every = [
        "Connect a model", "Write down what it should know", "Ask it something, as a visitor would",
        "Put the widget on your site", "Say when people answer",
    ]  # fmt: skip
    assert left(ada.open("/")) == left(ada.open("/settings")) == every, "both people of the house are there already"
    house.visit()
    assert left(ada.open("/settings")) == every, "a conversation in which nothing was said is no question"
    house.visit("Where is my parcel?")
    house.ada.post("/snippets", {"title": "Parcels", "content": "They come tomorrow."})
    house.ada.patch("/project", {"widget_origins": ["https://shop.example"]})
    assert left(ada.open("/settings")) == [every[0], every[4]]
    assert left(ada.open("/")) == [], "the list of conversations is not empty any more"


def test_agents_are_shown_no_steps(house: House, sit: Sit) -> None:
    ben = sit(house.ben)
    assert left(ben.open("/")) == left(ben.open("/settings")) == []


def test_another_projects_state_ticks_nothing_off(house: House, other_house: House, sit: Sit) -> None:
    other_house.visit("Hello?")
    other_house.ada.post("/snippets", {"title": "Parcels", "content": "They come tomorrow."})
    assert len(left(sit(house.ada).open("/"))) == 5


def test_a_model_is_connected_once_it_answers(app: Flask, house: House, services: Services, sit: Sit) -> None:
    """One failure is enough: whoever connects a model asks it once."""
    wired = app.extensions["tandem"]
    app.extensions["tandem"] = replace(wired, settings=replace(wired.settings, openai_api_key="a key"))
    ada, number = sit(house.ada), house.visit("Hello?").conversation_id
    assert "Connect a model" not in left(ada.open("/settings"))
    with services.database.begin() as connection:
        hand_off(connection, number, 90)
    page = ada.open("/settings")
    assert left(page)[0] == "Connect a model"
    assert "The model did not answer the last time it was asked." in shown(page)
    assert "set OPENAI_API_KEY anew" in shown(page)
    with services.database.begin() as connection:
        connection.execute(ANSWER, {"conversation": number, "ago": 1})
    assert "Connect a model" not in left(ada.open("/settings"))


def test_the_first_page_of_a_project_begins_its_events_at_once(house: House, sit: Sit) -> None:
    """A project in which nothing happened yet has no newest event, so its page names none."""
    assert 'data-position=""' in sit(house.ada).open("/")
