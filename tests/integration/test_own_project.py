"""Several tabs of somebody who is in several projects: each goes on in its own, and what is elsewhere leads there."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text

from inbox import team
from inbox.access import Agent
from inbox.pages import browser_session
from inbox.pages.own_project import HEADER
from inbox.services import Services
from tests.integration.callers import House
from tests.integration.reader import Reader, Sit, shown


@pytest.fixture
def both(house: House, other_house: House, services: Services, sit: Sit) -> Reader:
    """Ada of the house, who is a manager of the other one as well."""
    ada = sit(house.ada)
    with services.database.begin() as connection:
        member = {"p": other_house.project_id, "a": house.ada.id}
        connection.execute(
            text("INSERT INTO membership (project_id, agent_id, role) VALUES (:p, :a, 'manager')"), member
        )
    return ada


def switch(reader: Reader, project_id: int) -> None:
    reader.open("/")
    reader.send("/account/project", {"project": str(project_id)}, to="/account/project")


def test_a_conversation_of_another_project_of_mine(
    app: Flask, house: House, other_house: House, services: Services, both: Reader, sit: Sit
) -> None:
    """Its page leads there for a member, and is to everybody else what no conversation has."""
    there = f"/conversations/{other_house.visit('Hello').conversation_id}"
    page = both.open(f"{there}?at=7")
    assert "This conversation belongs to Other" in shown(page)
    assert "Hello" not in page
    led = both.send("/account/project", to="/account/project")
    assert (led.status_code, led.location) == (302, f"{there}?at=7")
    assert "Hello" in both.open(there)
    stranger = House.build(app, services, "Third").visit("Hello").conversation_id
    answers = [sit(house.ben).client.get(path) for path in (there, "/conversations/987654321")]
    answers += [both.client.get(f"/conversations/{stranger}")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({shown(answer.text) for answer in answers}) == 1


def test_a_tab_goes_on_in_its_own_project(house: House, other_house: House, both: Reader) -> None:
    """What its scripts ask and its forms do is its own project's, whichever the session is in now."""
    at = house.visit("Where is it?").conversation_id
    both.open(f"/conversations/{at}")
    forms, own = both.forms, {HEADER: str(house.project_id)}
    switch(both, other_house.project_id)
    assert both.client.get(f"/conversations/{at}/parts").status_code == 404
    assert both.client.get(f"/conversations/{at}/parts", headers=own).status_code == 200
    assert f"row-{at}" in both.client.get(f"/parts/changed?ids={at}", headers=own).text
    say = {**forms[f"/conversations/{at}/say"], "kind": "public", "content": "On its way."}
    assert both.client.post(f"/conversations/{at}/say", data=say).status_code == 302
    assert house.ben.get(f"/conversations/{at}/messages").get_json()["items"][-1]["content"] == "On its way."
    assert both.client.get(f"/conversations/{at}").status_code == 404, "the session is where it was"


def test_a_form_that_shows_a_page_takes_the_session_along(house: House, other_house: House, both: Reader) -> None:
    """Settings that are saved from an old tab are its own project's, and what is shown then is that project's too."""
    both.open("/settings")
    form = {**both.forms[""], "instructions": "Only of the house."}
    switch(both, other_house.project_id)
    both.client.post("/settings", data=form, headers={"Sec-Fetch-Mode": "navigate"})
    assert house.ada.get("/project").get_json()["instructions"] == "Only of the house."
    assert other_house.ada.get("/project").get_json()["instructions"] == ""
    assert "Only of the house." in both.open("/settings")


def test_nobody_comes_in_by_saying_so(house: House, other_house: House, both: Reader, services: Services) -> None:
    """Who is taken out of a project has no page of it any more, nor a stream that was open."""
    own = {HEADER: str(other_house.project_id)}
    assert both.client.get("/parts/views", headers=own).status_code == 200
    token = both.client.get_cookie(browser_session.COOKIE)
    assert token is not None
    with house.app.app_context():
        assert browser_session.is_signed_in(token.value, other_house.project_id)
    other = Agent(other_house.ada.id, "Ada", "", other_house.project_id, "manager")
    with services.database.begin() as connection:
        team.remove(connection, other, house.ada.id)
    for said in (own, {HEADER: "987654321"}):
        assert both.client.get("/parts/views", headers=said).status_code == 404
    assert both.client.get("/parts/views", headers={HEADER: "nonsense"}).status_code == 200
    with house.app.app_context():
        assert not browser_session.is_signed_in(token.value, other_house.project_id)
        assert browser_session.is_signed_in(token.value, house.project_id)
