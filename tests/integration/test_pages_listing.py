"""The left half of the inbox over HTTP: rows in pages, what changed, saved views, and acts on many."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, template_rendered
from flask.testing import FlaskClient
from sqlalchemy import text

from inbox import list_rows
from inbox.listed import Filter
from inbox.services import Services
from tests.integration.callers import Caller, House
from tests.integration.reader import Reader

Browser = Callable[[Caller], FlaskClient]


@pytest.fixture
def browser(app: Flask, sit: Callable[[Caller], Reader]) -> Browser:
    """Signs somebody in; the forms' tokens are the route matrix's to test."""
    app.config["WTF_CSRF_ENABLED"] = False
    return lambda who: sit(who).client


def rows(html: str) -> list[int]:
    """The conversations whose rows are shown, in order."""
    return [int(number) for number in re.findall(r'<li id="row-(\d+)"', html)]


def make(services: Services, house: House, number: int) -> None:
    statement = text(
        "WITH v AS (INSERT INTO visitor (project_id, name) SELECT :project, 'Visitor ' || n"
        " FROM generate_series(1, :number) AS n RETURNING id)"
        " INSERT INTO conversation (project_id, visitor_id) SELECT :project, id FROM v"
    )
    with services.database.begin() as connection:
        connection.execute(statement, {"project": house.project_id, "number": number})


def test_the_list_goes_on_where_it_ended(house: House, services: Services, browser: Browser) -> None:
    make(services, house, 120)
    reader = browser(house.ben)
    answer = reader.get("/").text
    found = rows(answer)
    while link := re.search(r'hx-get="([^"]+)"', answer):
        answer = reader.get(link.group(1).replace("&amp;", "&")).text
        found += rows(answer)
    assert found == sorted(set(found), reverse=True)
    assert len(found) == 120


def test_a_list_that_the_browser_has_is_not_sent_again(house: House, browser: Browser) -> None:
    mine = house.visit("Hello").conversation_id
    reader = browser(house.ben)
    assert rows(reader.get(f"/conversations/{mine}").text) == [mine]
    kept = reader.get(f"/conversations/{mine}?kept=").text
    assert (rows(kept), "Hello" in kept) == ([], True)


def test_whether_there_is_one_to_open_is_asked_without_a_page(
    house: House, other_house: House, browser: Browser
) -> None:
    mine, theirs = house.visit("Hello").conversation_id, other_house.visit("Hello").conversation_id
    reader = browser(house.ben)
    made: list[Any] = []
    with template_rendered.connected_to(lambda _app, **told: made.append(told["template"].name)):
        assert [reader.head(f"/conversations/{number}").status_code for number in (mine, theirs)] == [200, 404]
    assert made == ["error.html"]


def test_what_changed_is_told_for_what_the_list_shows(house: House, other_house: House, browser: Browser) -> None:
    mine, solved = house.visit("One").conversation_id, house.visit("Two").conversation_id
    foreign = other_house.visit("Zanzibar").conversation_id
    house.ada.patch(f"/conversations/{solved}", {"status": "solved"})
    reader = browser(house.ben)
    asked = f"ids={mine},{solved},{foreign}"
    assert rows(reader.get(f"/parts/changed?view=all&{asked}").text) == [mine]
    assert rows(reader.get(f"/parts/changed?view=solved&{asked}").text) == [solved]
    assert rows(reader.get(f"/parts/changed?view=all&q=two&{asked}").text) == [solved], "a search in all sees solved"
    assert rows(reader.get("/parts/changed?view=all&ids=").text) == []
    assert reader.get("/parts/changed?ids=x").status_code == 404


def test_a_search_marks_what_it_found(house: House, browser: Browser) -> None:
    house.visit("Is <b>the Harbour</b> coat warm?", name="Leila Harbour")
    html = browser(house.ben).get("/?q=harbour").text
    assert "Is &lt;b&gt;the <mark>Harbour</mark>&lt;/b&gt; coat warm?" in html
    assert "Leila <mark>Harbour</mark>" in html
    for hostile in ("'", "%00", "\\", "from:", '"', "(" * 200):
        assert browser(house.ben).get(f"/?q={hostile}").status_code == 200


def test_views_with_their_figures(house: House, browser: Browser) -> None:
    one = house.visit("One").conversation_id
    house.visit("Two")
    house.ben.patch(f"/conversations/{one}", {"assignee_id": house.ben.id})
    html = browser(house.ben).get("/parts/views").text
    figures = re.findall(r'class="text">(?:<bdi>)?([^<]+).*?class="count">([^<]+)<', html)
    assert dict(figures)["Mine"] == "1"
    assert dict(figures)["All"] == "2"


def test_a_saved_view_is_an_address(house: House, other_house: House, browser: Browser) -> None:
    found = house.visit("A refund, please.").conversation_id
    house.visit("Hello.")
    ben = browser(house.ben)
    saved = ben.post("/saved-views", data={"name": "  Refund   desk ", "view": "all", "q": "refund", "shared": "yes"})
    address = saved.location
    assert re.fullmatch(r"/\?saved=\d+", address)
    for reader in (ben, browser(house.ada)):
        page = reader.get(address).text
        assert rows(page) == [found]
        assert "Refund desk" in page
    assert browser(other_house.ada).get(address).status_code == 404
    assert browser(other_house.ada).get("/").text.count("Refund desk") == 0


def test_an_own_view_is_ones_own(house: House, browser: Browser) -> None:
    ben, ada = browser(house.ben), browser(house.ada)
    address = ben.post("/saved-views", data={"name": "Mine alone", "view": "mine", "q": ""}).location
    number = address.rpartition("=")[2]
    assert "Mine alone" in ben.get("/").text
    assert "Mine alone" not in ada.get("/").text
    assert ada.get(address).status_code == 404
    assert ada.post(f"/saved-views/{number}/delete", data={}).status_code == 404
    assert ben.post(f"/saved-views/{number}/rename", data={"name": "Still mine"}).status_code == 302
    assert "Still mine" in ben.get("/").text
    ben.post(f"/saved-views/{number}/delete", data={})
    assert ben.get(address).status_code == 404


def test_a_shared_view_is_changed_by_its_maker_or_a_manager(house: House, browser: Browser) -> None:
    ben, ada = browser(house.ben), browser(house.ada)
    of_ada = ada.post(
        "/saved-views", data={"name": "Adas", "view": "all", "q": "", "shared": "yes"}
    ).location.rpartition("=")[2]
    of_ben = ben.post(
        "/saved-views", data={"name": "Bens", "view": "all", "q": "", "shared": "yes"}
    ).location.rpartition("=")[2]
    assert ben.post(f"/saved-views/{of_ada}/rename", data={"name": "Taken"}).status_code == 403
    assert ada.post(f"/saved-views/{of_ben}/rename", data={"name": "Ours"}).status_code == 302
    assert ben.post("/saved-views", data={"name": "  ", "view": "all"}).status_code == 422


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"status": "solved"}, "1 conversation solved"),
        ({"snooze": "4"}, "1 conversation snoozed"),
        ({"status": "spam"}, "1 conversation is spam"),
        ({"assignee": "1"}, "1 conversation assigned"),
        ({"label": "vip"}, "1 conversation labelled"),
        ({"priority": "high"}, "1 conversation changed"),
        ({"status": "solved", "label": "vip"}, "1 conversation changed"),
    ],
)
def test_the_bar_says_what_it_did(house: House, browser: Browser, wanted: dict[str, str], said: str) -> None:
    """One thing by its name, several as a change."""
    wanted = {**wanted, "chosen": f"{house.visit('Hi').conversation_id}:0"}
    assert said in browser(house.ben).post("/bulk", data=wanted, headers={"HX-Request": "1"}).text


def test_the_bar_acts_on_the_chosen_and_undoes(house: House, services: Services, browser: Browser) -> None:
    ids = [house.visit("Hi").conversation_id for _ in range(3)]
    house.ada.patch(f"/conversations/{ids[0]}", {"priority": "high"})  # Ben's page does not know that yet
    ben = browser(house.ben)
    chosen = [f"{number}:0" for number in ids]
    wanted = {"chosen": chosen, "status": "solved", "priority": "urgent", "label": "done"}
    toast = ben.post("/bulk", data=wanted, headers={"HX-Request": "1"})
    assert "2 conversations changed" in toast.text
    assert "1 was left: Ada changed it meanwhile." in toast.text
    assert states(services, house) == ["open", "solved", "solved"]
    assert house.ada.get(f"/conversations/{ids[2]}").get_json()["priority"] == "urgent"
    undo = re.search(r'hx-post="(/bulk/\d+/undo)"', toast.text)
    assert undo
    assert "2 conversations are as they were" in ben.post(undo.group(1), data={}, headers={"HX-Request": "1"}).text
    assert states(services, house) == ["open", "open", "open"]
    assert ben.post(undo.group(1), data={}).status_code == 404
    assert ben.post("/bulk?view=mine", data={"chosen": ids, "snooze": "24"}).location == "/?view=mine"
    assert states(services, house) == ["snoozed"] * 3


@pytest.mark.parametrize("form", [{}, {"chosen": "x"}, {"chosen": "1:0"}, {"chosen": "1", "assignee": "99999999"}])
def test_nonsense_in_the_bar(house: House, browser: Browser, form: dict[str, str]) -> None:
    answer = browser(house.ben).post("/bulk", data=form, headers={"HX-Request": "1"})
    assert answer.status_code == 422
    assert "Nothing was changed" in answer.text


def test_a_mistyped_operator_is_named(house: House, sit: Callable[[Caller], Reader]) -> None:
    house.visit("Hi")
    reader = sit(house.ada)
    assert "<b>status:closed</b> was looked for as words" in reader.open("/?view=all&q=status:closed")
    assert "was looked for as words" not in reader.open("/?view=all&q=nothingofthekind")


def states(services: Services, house: House) -> list[str]:
    with services.reading() as connection:
        found = list_rows.whole(connection, house.project_id, Filter())
    return [row["status"] for row in sorted(found, key=lambda row: int(row["id"]))]


def test_the_api_acts_on_many(house: House, other_house: House) -> None:
    ids = [house.visit("Hi").conversation_id for _ in range(2)]
    foreign = other_house.visit().conversation_id
    body: dict[str, object] = {"conversation_ids": ids, "status": "solved", "add_labels": ["vip"]}
    done = house.ben.post("/bulk", body).get_json()
    assert set(done["changed"]) == set(ids)
    assert house.ada.post(f"/bulk/{done['id']}/undo", {}).status_code == 404, "another's act"
    undone = house.ben.post(f"/bulk/{done['id']}/undo", {})
    assert set(undone.get_json()["changed"]) == set(ids)
    assert house.ben.post("/bulk", body | {"conversation_ids": [*ids, foreign]}).status_code == 404
    bad_ones: list[dict[str, object]] = [
        {"conversation_ids": ids}, {"conversation_ids": [], "status": "open"}, body | {"labels": []},
        {"conversation_ids": ids * 101, "status": "open"}, {"conversation_ids": ids, "status": "gone"},
    ]  # fmt: skip
    for bad in bad_ones:
        assert house.ben.post("/bulk", bad).status_code == 422
