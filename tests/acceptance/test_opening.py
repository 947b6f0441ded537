"""Opening a conversation from deep in the list: the list stays, waiting and failing are shown, typed words stay."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import House, keep
from tests.acceptance.gate import Gate
from tests.acceptance.walking import ANA

FILL = """
WITH v AS (
    INSERT INTO visitor (project_id, name) SELECT %(project)s, 'Deep ' || n FROM generate_series(1, 120) AS n
    WHERE NOT EXISTS (SELECT 1 FROM conversation WHERE labels = '{deep}') RETURNING id)
INSERT INTO conversation (project_id, visitor_id, status, labels)
SELECT %(project)s, id, 'pending', '{deep}' FROM v
"""
DEEP = "/?q=label:deep"
OPENING = "HEAD /conversations/"
FURTHER = """() => {
    const rows = document.getElementById("rows");
    rows.scrollTo(0, rows.scrollHeight);
    return rows.querySelectorAll("li[data-active]").length >= 120;
}"""


@pytest.fixture
def page(sign_in: Callable[..., Page], house: House, gate: Gate) -> Page:
    """A list of which all pages were scrolled to."""
    with psycopg.connect(house.product.run["database_url"].replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(FILL, {"project": house.product.run["project_id"]})
    page = sign_in(ANA, gate.url + DEEP)
    page.wait_for_function(FURTHER, polling=100)
    return page


def test_the_list_stays_and_what_fails_is_said(page: Page, gate: Gate) -> None:
    rows = page.locator("#rows li[data-active]")
    rows.nth(100).locator(".pick input").check(force=True)
    one, other = rows.nth(102), rows.nth(103)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.is_navigation_request() else None)
    one.scroll_into_view_if_needed()
    place = one.bounding_box()
    name, other_name = (row.locator(".row-name").text_content() or "?" for row in (one, other))
    one.locator("a.row").click()
    expect(page.locator("#conversation h1")).to_have_text(name)
    assert (rows.count(), one.bounding_box()) == (120, place)
    assert ("kept=" in asked[-1], "kept" in page.url) == (True, False)  # the server sent no row
    expect(one.locator("a.row")).to_have_attribute("aria-current", "true")
    expect(page.locator("#chosen-count")).to_have_text("1")
    page.wait_for_function("() => document.querySelector('.app').dataset.shown")  # no refresh is under way
    page.reload()
    assert (rows.count(), one.bounding_box()) == (120, place)
    expect(page.locator("#chosen-count")).to_have_text("1")
    page.get_by_label("Reply", exact=True).fill("Half a sentence")

    gate.shut(OPENING, "held")
    other.locator("a.row").click()
    expect(page.locator(".opening .waits")).to_be_visible()
    expect(other.locator("a.row")).to_have_attribute("aria-current", "true")
    keep(page, "opening-waits")
    page.keyboard.press("Escape")
    expect(page.locator(".opening")).to_have_count(0)
    expect(one.locator("a.row")).to_have_attribute("aria-current", "true")

    gate.shut(OPENING, 500)
    other.locator("a.row").click()
    expect(page.get_by_role("alert").filter(has_text="could not be opened")).to_contain_text("The server said 500.")
    keep(page, "opening-failed")
    page.get_by_role("button", name="Back to where you were").click()
    expect(page.get_by_label("Reply", exact=True)).to_have_value("Half a sentence")

    gate.open()
    page.context.set_offline(True)
    other.locator("a.row").click()
    expect(page.get_by_role("alert").filter(has_text="could not be opened")).to_contain_text("cannot be reached")
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#conversation h1")).to_have_text(other_name)
    one.locator("a.row").click()
    expect(page.get_by_label("Reply", exact=True)).to_have_value("Half a sentence")
    page.keyboard.press("Escape")
    page.goto(f"{page.url.partition('#')[0]}&kept=")  # nothing is kept: it asks for the list
    expect(rows).to_have_count(50)


def test_the_keys_go_on_over_the_end_of_a_page(page: Page) -> None:
    page.goto(page.url)
    rows = page.locator("#rows li[data-active]")
    expect(rows).to_have_count(50)
    rows.nth(1).locator(".pick input").check(force=True)
    page.get_by_role("button", name="All that are found").click()
    expect(page.locator("#chosen-count")).to_have_text("120")  # also what was not loaded
    expect(page.get_by_role("button", name="All 120")).to_be_visible()
    page.keyboard.press("Escape")
    page.goto(page.url)
    expect(rows).to_have_count(50)
    for _ in range(60):
        page.keyboard.press("j")
    expect(rows.nth(59).locator("a.row")).to_be_focused()
    assert rows.evaluate_all("all => new Set(all.map((one) => one.id)).size === all.length")
