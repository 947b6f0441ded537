"""The race lab's page: managers start it, everybody watches both writers' counts, and what cannot be is refused."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.integration.callers import House
from tests.integration.reader import Sit, shown
from tests.product import wait_for

STORM = {"conversations": "12", "agents": "4", "think": "0.3-0.6", "seed": "7"}


def test_both_writers_meet_the_storm(house: House, app: Flask, sit: Sit) -> None:
    ada, ben = sit(house.ada), sit(house.ben)
    assert "No race has been run yet." in shown(ada.open("/race"))
    assert ada.send("/race", STORM).status_code == 302
    running = shown(ben.open("/race"))
    assert "Naive writer" in running
    assert "Only managers start a race." in running
    wait_for("the race's end", lambda: "Over after" in shown(ben.open("/race/parts")))
    page = ben.open("/race/parts")
    race = app.extensions["tandem"].race_lab.newest()
    assert (race.naive.turns, race.tandem.turns, race.tandem.lost) == (12, 12, 0)
    assert race.tandem.held > 0, "people acted, and it stands"
    assert f"<b>{race.naive.lost}</b>" in page
    assert "<b>0</b>" in page
    assert "stands, and the reply is there." in shown(page)
    assert race.naive.window_ms > race.tandem.window_ms


@pytest.mark.parametrize(
    ("field", "value"),
    [("conversations", "501"), ("agents", "0"), ("think", "2-1"), ("think", "soon"), ("think", "1-99"), ("seed", "x")],
)
def test_what_cannot_be_is_refused(house: House, sit: Sit, field: str, value: str) -> None:
    ada = sit(house.ada)
    ada.open("/race")
    assert ada.send("/race", STORM | {field: value}).status_code == 422


def test_agents_only_watch(house: House, sit: Sit) -> None:
    ben = sit(house.ben)
    ben.open("/race")
    assert ben.send("/race", STORM).status_code == 403


def test_a_race_is_stopped(house: House, app: Flask, sit: Sit) -> None:
    """What thinks then writes nothing, people's acts end, and a new one can begin."""
    ada = sit(house.ada)
    ada.open("/race")
    ada.send("/race", STORM | {"think": "9-9"})
    assert "Stop the race" in ada.open("/race")
    ada.send("/race/stop")
    wait_for("the race's end", lambda: "Stopped after" in shown(ada.open("/race/parts")))
    race = app.extensions["tandem"].race_lab.newest()
    assert (race.naive.turns, race.tandem.turns, race.seconds < 9) == (0, 0, True)
    assert "Start the race" in ada.open("/race/parts")
