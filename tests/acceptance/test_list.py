"""The list in a browser: live figures, a colleague who was faster, search, views, scrolling, keys, the palette."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import House, keep
from tests.acceptance.test_inbox import ANA, BEN

pytestmark = pytest.mark.timeout(600)
SignIn = Callable[..., Page]
FILL = """
WITH v AS (
    INSERT INTO visitor (project_id, name) SELECT %(project)s, 'Many ' || n FROM generate_series(1, 10000) AS n
    RETURNING id)
INSERT INTO conversation (project_id, visitor_id, status, created_at)
SELECT %(project)s, id, 'snoozed', now() - id * interval '1 second' FROM v
"""

IN_A_ROW = """
WITH v AS (
    INSERT INTO visitor (project_id, name) SELECT %(project)s, 'In a row ' || n FROM generate_series(1, 4) AS n
    RETURNING id)
INSERT INTO conversation (project_id, visitor_id, status, labels, created_at)
SELECT %(project)s, id, 'pending', '{row}', now() - id * interval '1 second' FROM v ORDER BY id RETURNING id
"""


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """What is expected here may take its time on a busy machine."""
    expect.set_options(timeout=20_000)
    yield
    expect.set_options(timeout=5_000)


def come(house: House, name: str, words: str) -> int:
    """A visitor who writes; returns the conversation."""
    run = house.product.run
    made = call(house, "widget/sessions", {"project_key": run["project_key"], "visitor": {"name": name}})
    call(house, "widget/messages", {"content": words}, made["token"])
    return int(made["conversation_id"])


def call(house: House, path: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(f"{house.product.run['url']}/api/v1/{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def row(page: Page, number: int) -> Any:
    return page.locator(f"#row-{number}")


def look_at(page: Page, number: int) -> None:
    """Open a conversation and wait until its scripts are there."""
    row(page, number).locator("a.row").click()
    page.wait_for_url(f"**/conversations/{number}**")
    page.wait_for_load_state("load")


def figure(page: Page, name: str) -> Any:
    return page.locator("#views a").filter(has_text=name).locator(".count")


def pick(page: Page, *numbers: int) -> None:
    for number in numbers:
        row(page, number).locator(".pick input").check(force=True)


def test_figures_are_live_in_another_tab(sign_in: SignIn, house: House) -> None:
    number = come(house, "Figure Watcher", "Count me.")
    ana, ben = sign_in(ANA), sign_in(BEN)
    before = int(figure(ben, "Mine").inner_text())
    look_at(ana, number)
    ana.get_by_label("Assignee").select_option(label="Ben Osei")
    expect(figure(ben, "Mine")).to_have_text(str(before + 1))
    expect(row(ben, number)).to_contain_text("Ben Osei")
    ana.get_by_label("Status", exact=True).select_option("solved")
    expect(figure(ben, "Mine")).to_have_text(str(before))
    expect(row(ben, number)).to_have_count(0)


def test_many_at_once_and_who_was_faster(sign_in: SignIn, house: House) -> None:
    numbers = [come(house, f"Bulk {n}", "One of many.") for n in range(3)]
    ana, ben = sign_in(ANA), sign_in(BEN)
    for number in numbers:
        expect(row(ben, number)).to_be_visible()
    ben.route("**/parts/changed**", lambda route: route.abort())  # this list does not hear of it in time
    look_at(ana, numbers[0])
    ana.get_by_label("Status", exact=True).select_option("pending")
    expect(row(ana, numbers[0])).to_contain_text("Pending")
    pick(ben, *numbers)
    keep(ben, "list-chosen")
    ben.keyboard.press("e")
    toast = ben.locator(".toast").filter(has_text="2 conversations changed")
    expect(toast).to_contain_text("1 was left: Ana Duarte changed it meanwhile.")
    keep(ben, "list-was-faster")
    expect(row(ana, numbers[1])).to_have_count(0)
    ben.keyboard.press("z")
    expect(ben.locator(".toast").filter(has_text="2 conversations are as they were")).to_be_visible()
    for number in numbers[1:]:
        expect(row(ana, number)).to_be_visible()
    expect(row(ana, numbers[0])).to_contain_text("Pending")


def test_a_search_becomes_a_view_that_a_colleague_opens(sign_in: SignIn, house: House) -> None:
    number = come(house, "Zora Quill", "My <b>umbrella</b> arrived broken, twice.")
    come(house, "Somebody else", "Nothing of the kind.")
    ana = sign_in(ANA)
    ana.keyboard.press("/")
    ana.keyboard.type("umbrella status:open")
    ana.keyboard.press("Enter")
    expect(ana.locator("#rows li[data-active]")).to_have_count(1)
    expect(row(ana, number).locator("mark")).to_have_text("umbrella")
    expect(row(ana, number)).to_contain_text("<b>umbrella</b>")
    keep(ana, "list-search")
    ana.locator("#view-menu summary").click()
    ana.get_by_label("Save this view as").fill("Umbrellas")
    ana.get_by_role("button", name="Save", exact=True).click()
    expect(figure(ana, "Umbrellas")).to_have_text("1")
    address = ana.url.removeprefix(house.product.run["url"])
    assert re.fullmatch(r"/\?saved=\d+", address)
    ben = sign_in(BEN, address)
    expect(ben.locator(".list .pane-head h1")).to_have_text("Umbrellas")
    expect(row(ben, number)).to_be_visible()
    more = come(house, "Late Comer", "Another umbrella, please.")
    expect(row(ben, more)).to_be_visible()
    expect(figure(ben, "Umbrellas")).to_have_text("2")


def test_ten_thousand_rows_and_what_is_new_waits(sign_in: SignIn, house: House) -> None:
    url = house.product.run["database_url"].replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(FILL, {"project": house.product.run["project_id"]})
    page = sign_in(BEN, "/?view=snoozed")
    expect(figure(page, "Snoozed")).to_have_text(re.compile(r"^1\d{4}$"))
    rows = page.locator("#rows li[data-active]")
    page.wait_for_function(
        """() => {
            const rows = document.getElementById("rows");
            rows.scrollTo(0, rows.scrollHeight);
            return rows.querySelectorAll("li[data-active]").length >= 600;
        }""",
        timeout=60_000,
        polling=300,
    )
    ids = rows.evaluate_all("all => all.map((one) => one.id)")
    assert len(set(ids)) == len(ids) >= 600
    expect(rows.first).to_be_empty()  # far away it rests, and the browser's own search does not see it
    page.keyboard.press("Control+f")
    expect(page.get_by_label("Search conversations")).to_be_focused()
    page.locator("#rows").evaluate("rows => rows.scrollTo(0, 0)")
    expect(rows.first).to_contain_text("Many")
    expect(rows.last).to_be_empty()

    page.goto(house.product.run["url"] + "/?view=all")
    for n in range(12):
        come(house, f"Filler {n}", "So that there is something to scroll.")
    expect(rows.filter(has_text=re.compile(r"Filler[\s\S]*Your parcel"))).to_have_count(12)
    page.wait_for_function("() => document.getElementById('rows').scrollTop === 0")  # what came has glided in
    page.locator("#rows").evaluate("rows => rows.scrollTo(0, 200)")
    read = page.locator("#rows li[data-active]").nth(5)
    place = read.bounding_box()
    number = come(house, "Just Arrived", "Look at me!")
    pill = page.get_by_role("button", name="1 new")
    expect(pill).to_be_visible()
    assert read.bounding_box() == place
    assert row(page, number).count() == 0
    keep(page, "list-new-above")
    pill.click()
    expect(rows.first).to_contain_text("Just Arrived")
    expect(pill).to_be_hidden()


def test_keys_do_it_and_can_be_switched_off(sign_in: SignIn, house: House) -> None:
    number = come(house, "Key Person", "Press something.")
    page = sign_in(ANA)
    expect(page.locator("#rows li").first).to_contain_text("Key Person")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#chosen-count")).to_have_text("1")
    page.keyboard.press("Escape")
    expect(page.locator("#bulk")).to_be_hidden()
    page.locator(f"#row-{number} a.row").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/conversations/**")
    page.keyboard.press("a")
    expect(page.get_by_label("Assignee").locator("option:checked")).to_contain_text("Ana Duarte")
    page.keyboard.press("t")
    expect(page.get_by_text("the responder is paused")).to_be_visible()
    page.keyboard.press("n")
    expect(page.get_by_label("Reply", exact=True)).to_be_focused()
    page.keyboard.type("jkaetsz?")
    expect(page.get_by_label("Reply", exact=True)).to_have_value("jkaetsz?")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    keep(page, "keys")
    page.get_by_label("Single letters act").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Find or do")).to_be_visible()
    expect(page.get_by_label("Status", exact=True)).to_have_value("open")


def test_one_after_the_other_by_keys(sign_in: SignIn, house: House) -> None:
    """Solved and on to the next, from wherever one is in the list; what was just solved is taken back from there."""
    url = house.product.run["database_url"].replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(IN_A_ROW, {"project": house.product.run["project_id"]}).fetchall()
    first, second, third, fourth = (number for (number,) in found)
    page = sign_in(ANA, "/?q=label:row+status:pending")
    look_at(page, second)
    page.keyboard.press("Shift+J")
    page.wait_for_url(f"**/conversations/{third}**")
    page.keyboard.press("Shift+K")
    page.wait_for_url(f"**/conversations/{second}**")
    page.keyboard.press("e")
    expect(row(page, second)).to_have_count(0)
    page.keyboard.press("j")
    expect(row(page, third).locator("a.row")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(row(page, first).locator("a.row")).to_be_focused()
    page.keyboard.press("Shift+J")
    page.wait_for_url(f"**/conversations/{third}**")
    keep(page, "solved-and-next")
    page.keyboard.press("z")
    expect(row(page, second)).to_be_visible()
    page.keyboard.press("Shift+J")
    page.wait_for_url(f"**/conversations/{fourth}**")


def test_the_palette_finds_views_conversations_and_acts(sign_in: SignIn, house: House) -> None:
    number = come(house, "Palette Finder", "A pelican ate my parcel.")
    page = sign_in(ANA)
    page.keyboard.press("Control+k")
    page.keyboard.type("pelican")
    expect(page.get_by_role("option")).to_have_count(1)
    keep(page, "palette")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/conversations/{number}**")
    page.keyboard.press("Control+k")
    page.keyboard.type("solve")
    page.get_by_role("option", name="Solve e").click()
    expect(page.get_by_label("Status", exact=True)).to_have_value("solved")
    page.keyboard.press("Control+k")
    page.keyboard.type("snoozed")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?view=snoozed")


def test_every_choice_has_a_key(sign_in: SignIn, house: House) -> None:
    """Assigning, resting, priority and labels without a mouse: by their keys, or by name in the palette."""
    number = come(house, "Choice Maker", "Everything by keys, please.")
    page = sign_in(ANA)
    look_at(page, number)
    palette = page.get_by_role("dialog", name="Find or do")
    for key, typed in (("Shift+A", "ben"), ("p", "urgent"), ("l", "by key"), ("b", "monday")):
        page.keyboard.press(key)
        expect(palette).to_be_visible()
        keep(page, f"palette-{key}")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(palette).to_be_hidden()
    expect(page.get_by_label("Assignee").locator("option:checked")).to_have_text("Ben Osei")
    expect(page.get_by_label("Priority")).to_have_value("urgent")
    expect(page.locator("#labels")).to_contain_text("by key")
    expect(page.get_by_label("Status", exact=True)).to_have_value("snoozed")
    for typed, status in (("pend", "pending"), ("status spam", "spam")):
        page.keyboard.press("Control+k")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page.locator("#timeline")).to_contain_text(f"set the status to {status}")
    page.goto(house.product.run["url"] + "/?view=spam")
    pick(page, number)
    page.keyboard.press("Shift+A")
    page.keyboard.type("nobody")
    page.keyboard.press("Enter")
    expect(row(page, number)).not_to_contain_text("Ben Osei")


def test_nothing_is_in_anybodys_way(sign_in: SignIn, house: House) -> None:
    """axe over the list in its states, and a phone where one can choose with a thumb."""
    number = come(house, "Access Ible", "Can everybody read this?")
    page = sign_in(BEN, "/?view=wanted", dark=True)
    faults(page)
    page.goto(house.product.run["url"] + "/?q=everybody")
    pick(page, number)
    faults(page)
    page.locator("#view-menu summary").click()
    faults(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog", name="Find or do")).to_be_visible()
    faults(page)
    page.keyboard.press("Escape")
    narrow = sign_in(BEN, width=860)
    for name in ("Report", "Settings", "Account", "Sign out"):
        place = narrow.get_by_label(name, exact=True).bounding_box()
        assert place is not None, name
        assert 0 <= place["x"] <= place["x"] + place["width"] <= 56, name
    keep(narrow, "list-narrow")
    phone = sign_in(BEN, width=375, dark=True)
    phone.get_by_role("link", name="Views").click()
    for name in ("Report", "Settings", "Account", "Sign out"):
        expect(phone.get_by_role("option", name=name)).to_be_visible()
    keep(phone, "list-phone-palette")
    phone.keyboard.type("settings")
    phone.keyboard.press("Enter")
    phone.wait_for_url("**/settings")
    phone.go_back()
    expect(row(phone, number)).to_be_visible()
    row(phone, number).locator(".pick").click()
    expect(phone.locator("#bulk")).to_be_visible()
    keep(phone, "list-phone")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 375
    faults(phone)


def faults(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
