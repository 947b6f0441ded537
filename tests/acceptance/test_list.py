"""The list in a browser: live figures, a colleague who was faster, search, views, scrolling."""

from __future__ import annotations

import re

import psycopg
import pytest
from playwright.sync_api import expect

from tests.acceptance.conftest import House, SignIn, keep
from tests.acceptance.gate import Gate
from tests.acceptance.listing import come, faults, figure, look_at, pick, row
from tests.acceptance.walking import ANA, BEN

pytestmark = pytest.mark.timeout(600)
FILL = """
WITH v AS (
    INSERT INTO visitor (project_id, name) SELECT %(project)s, 'Many ' || n FROM generate_series(1, 10000) AS n
    RETURNING id)
INSERT INTO conversation (project_id, visitor_id, status, created_at)
SELECT %(project)s, id, 'snoozed', now() - id * interval '1 second' FROM v
"""


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


def test_many_at_once_and_who_was_faster(sign_in: SignIn, house: House, gate: Gate) -> None:
    numbers = [come(house, f"Bulk {n}", "One of many.") for n in range(3)]
    ana, ben = sign_in(ANA), sign_in(BEN, gate.url)
    for number in numbers:
        expect(row(ben, number)).to_be_visible()
    gate.shut("GET /parts/changed", "refused")  # this list does not hear of it in time
    look_at(ana, numbers[0])
    ana.get_by_label("Status", exact=True).select_option("pending")
    expect(row(ana, numbers[0])).to_contain_text("Pending")
    pick(ben, *numbers)
    keep(ben, "list-chosen")
    ben.keyboard.press("e")
    toast = ben.locator(".toast").filter(has_text="2 conversations solved")
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
    look_at(ana, number)
    expect(ana.locator(".is-found")).to_contain_text("umbrella")
    expect(ana.locator("#found")).to_contain_text("umbrella 1 of 1")
    faults(ana)
    ana.go_back()
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
    expect(rows.first).not_to_be_empty()
    expect(rows.filter(has_text="Many").first).to_be_visible()  # behind what another walk has snoozed, perhaps
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
