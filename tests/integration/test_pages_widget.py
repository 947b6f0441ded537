"""The widget's settings page: what managers change is saved, what others saved meanwhile is not undone."""

from __future__ import annotations

from tests.integration.callers import House, error
from tests.integration.reader import Sit, shown

PAGE = "/settings/widget"


def test_every_field_is_saved(house: House, sit: Sit) -> None:
    ada = sit(house.ada)
    page = ada.open(PAGE)
    assert f"data-project=&#34;{house.key}&#34;" in page
    wanted = {
        "widget_brand": "#aa2200",
        "widget_greeting": "Hello <b>there</b>\n\nHow are you?",
        "widget_position": "left",
        "widget_asks_email": "always",
        "widget_ask_person": "open_hours",
    }
    response = ada.send(PAGE, {**wanted, "widget_origins": "https://Shop.example/\n\nhttps://*.shop.example"})
    assert response.status_code == 302
    project = house.ada.get("/project").get_json()
    assert project.items() >= wanted.items()
    assert project["widget_origins"] == ["https://shop.example", "https://*.shop.example"]
    assert "Saved." in ada.open(PAGE)
    ada.send(PAGE)
    assert "Nothing was changed." in ada.open(PAGE)


def test_what_cannot_be_saved_is_shown_as_typed(house: House, sit: Sit) -> None:
    ada = sit(house.ada)
    ada.open(PAGE)
    response = ada.send(PAGE, {"widget_origins": "shop.example", "widget_greeting": "Hello"})
    assert response.status_code == 422
    assert "“shop.example” is no origin" in shown(response.text)
    assert (ada.forms[""]["widget_origins"], ada.forms[""]["widget_greeting"]) == ("shop.example", "Hello")
    assert house.ada.get("/project").get_json()["widget_origins"] == []


def test_two_managers(house: House, sit: Sit) -> None:
    one, two = sit(house.ada), sit(house.ada)
    one.open(PAGE), two.open(PAGE)
    one.send(PAGE, {"widget_origins": "https://one.example", "widget_brand": "#112233"})
    assert two.send(PAGE, {"widget_position": "left"}).status_code == 302
    assert house.ada.get("/project").get_json()["widget_brand"] == "#112233"
    three, four = sit(house.ada), sit(house.ada)
    three.open(PAGE), four.open(PAGE)
    three.send(PAGE, {"widget_origins": "https://three.example"})
    told = four.send(PAGE, {"widget_origins": "https://four.example"})
    assert told.status_code == 409
    assert "Ada set this to “https://three.example” meanwhile." in shown(told.text)
    assert house.ada.get("/project").get_json()["widget_origins"] == ["https://three.example"]


def test_others_only_read(house: House, sit: Sit) -> None:
    ben = sit(house.ben)
    page = ben.open(PAGE)
    assert "Only managers change it" in shown(page)
    assert "widget_brand" not in ben.forms[""]
    assert error(house.ben.patch("/project", {"widget_position": "left"})) == (403, "forbidden")
