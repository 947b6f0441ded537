"""The list without a mouse: keys that can be switched off, the palette, a key for every choice, all of it in sight."""

from __future__ import annotations

import psycopg
import pytest
from playwright.sync_api import expect

from tests.acceptance.conftest import House, SignIn, keep
from tests.acceptance.listing import call, come, faults, look_at, pick, row
from tests.acceptance.walking import ANA, BEN

pytestmark = pytest.mark.timeout(600)
IN_A_ROW = """
WITH v AS (
    INSERT INTO visitor (project_id, name) SELECT %(project)s, 'In a row ' || n FROM generate_series(1, 4) AS n
    RETURNING id)
INSERT INTO conversation (project_id, visitor_id, status, labels, created_at)
SELECT %(project)s, id, 'pending', '{row}', now() - id * interval '1 second' FROM v ORDER BY id RETURNING id
"""


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
    page.locator("#about summary").filter(has_text="Timeline").click()
    page.get_by_label("Reply", exact=True).fill("Half a sentence")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+J")
    page.wait_for_url(f"**/conversations/{third}**")
    expect(page.locator("#timeline")).to_be_hidden()  # what one folds stays so
    expect(row(page, second)).to_contain_text("Not sent")
    page.keyboard.press("Shift+K")
    page.wait_for_url(f"**/conversations/{second}**")
    name = page.locator("#conversation h1").inner_text()
    page.keyboard.press("e")
    expect(row(page, second)).to_have_count(0)
    expect(page.locator(".toast")).to_contain_text(name)
    page.keyboard.press("j")
    expect(row(page, third).locator("a.row")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(row(page, first).locator("a.row")).to_be_focused()
    page.keyboard.press("Shift+J")
    page.wait_for_url(f"**/conversations/{third}**")
    expect(page.locator(".toast")).to_contain_text(name)  # which is not the one that is open now
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


def test_nothing_to_answer_says_why_it_does_nothing(sign_in: SignIn, house: House) -> None:
    """Where nobody waits, and where the AI has promised a person, for whom one takes over first."""
    run = house.product.run
    made = call(house, "widget/sessions", {"project_key": run["project_key"], "visitor": {"name": "Y Pressed"}})
    page = sign_in(ANA, f"/conversations/{made['conversation_id']}")
    page.locator("#conversation").focus()
    page.keyboard.press("y")
    expect(page.get_by_text("Nobody waits for an answer here.")).to_be_visible()
    call(house, "widget/ask-person", {}, made["token"])
    expect(page.locator("#owner").get_by_role("button", name="Take over")).to_be_visible()
    expect(page.locator("#owner [data-promised]")).to_be_visible()
    page.keyboard.press("y")
    expect(page.get_by_text("The AI promised a person here: take over first.")).to_be_visible()
