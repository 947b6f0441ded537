"""What a manager sets and what becomes of it, in a browser: rules, two managers at once, snippets and their import."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import House, SignIn, keep
from tests.acceptance.walking import ask, open_newest

BEN = "ben@northfold.example"
SNIPPETS = "# {0}\nA gift card is valid for three years.\n# {0}\nTwice\n# Parcels\n"


@pytest.fixture
def manager(sign_in: SignIn) -> SignIn:
    """Signs the demo's manager in on a settings page."""
    return lambda path="/settings", **more: sign_in(None, path, **more)


def stays_when_asked(page: Page) -> None:
    """The page is left by a tab, the browser asks because words are not saved, and one stays."""
    with page.expect_event("dialog") as asked:
        page.once("dialog", lambda dialog: dialog.dismiss())
        page.get_by_role("link", name="Widget", exact=True).click(no_wait_after=True)
    assert asked.value.type == "beforeunload"


def test_two_managers_and_a_rule(manager: SignIn, visitor: Page, sign_in: SignIn, house: House) -> None:
    """Two managers save at once and neither loses anything; then solving gives a conversation back."""
    one, two = manager(), manager()
    one.get_by_label("A conversation that a person took over goes back to it").select_option("when_solved")
    one.get_by_label("Instructions").fill("Be brief.")
    expect(one.get_by_role("status").filter(has_text="Not saved yet")).to_be_in_viewport()
    stays_when_asked(one)
    one.get_by_role("button", name="Save").click()
    expect(one.get_by_text("Saved.", exact=True)).to_be_visible()
    two.get_by_label("Instructions").fill("Be honest.")
    two.get_by_label("Language of replies").fill("English")
    two.get_by_role("button", name="Save").click()
    expect(two.get_by_role("alert")).to_contain_text("Mai Trần was faster.")
    expect(two.get_by_label("Instructions")).to_have_value("Be honest.")
    expect(two.get_by_label("Instructions")).to_be_focused()
    expect(two.get_by_label("A conversation that a person took over goes back to it")).to_have_value("when_solved")
    keep(two, "settings-conflict")
    two.get_by_role("button", name="Save").click()
    expect(two.get_by_text("Saved.", exact=True)).to_be_visible()

    ask(visitor, "Please let me talk to a person.")
    ben = sign_in(BEN)
    open_newest(ben)
    ben.get_by_role("button", name="Take over").click()
    expect(ben.get_by_role("button", name="Give back")).to_be_visible()
    ben.get_by_label("Status", exact=True).select_option("solved")
    expect(ben.locator(".timeline")).to_contain_text("Ben Osei gave it back to the responder by solving it")
    expect(ben.locator("#owner")).to_contain_text("Solved")
    ben.get_by_label("Status", exact=True).select_option("open")
    expect(ben.get_by_role("button", name="Take over")).to_be_visible()

    two.get_by_label("A conversation that a person took over goes back to it").select_option("never")
    two.get_by_label("Instructions").fill("")
    two.get_by_label("Language of replies").fill("")
    two.get_by_role("button", name="Save").click()
    expect(two.get_by_text("Saved.", exact=True)).to_be_visible()


def test_agents_read_only(sign_in: SignIn) -> None:
    ben = sign_in(BEN, "/settings")
    expect(ben.get_by_text("Only managers change it.")).to_be_visible()
    expect(ben.get_by_label("Mode")).to_be_disabled()
    expect(ben.get_by_role("button", name="Save")).to_have_count(0)
    ben.get_by_role("link", name="Snippets").click()
    expect(ben.get_by_role("heading", name="Snippets", exact=True)).to_be_visible()
    expect(ben.get_by_role("link", name="New snippet")).to_have_count(0)


def test_a_snippet_from_a_file_to_its_end(manager: SignIn, tmp_path: Path) -> None:
    """Import with a look first, find, edit, delete; nothing is wider than the screen."""
    name = "narrow"
    page = manager("/settings/snippets", width=375)
    file = tmp_path / "ours.md"
    file.write_text(SNIPPETS.format(f"Gift cards {name}"))
    page.get_by_role("link", name="Import").click()
    page.get_by_label("Markdown or CSV file").set_input_files(file)
    page.get_by_role("button", name="Look at it first").click()
    expect(page.get_by_role("status")).to_have_text("1 new, 0 changed, 0 as they are; 2 problems")
    expect(page.get_by_label("Problems")).to_contain_text("Line 5 There is no text under “Parcels”.")
    keep(page, f"snippets-import-{name}")
    page.get_by_role("button", name="Import 1 snippet").click()
    expect(page.get_by_text("Imported: 1 new, 0 changed.")).to_be_visible()
    page.get_by_label("Search snippets").fill("three years")
    page.get_by_role("button", name="Search").click()
    keep(page, f"snippets-{name}")
    page.get_by_role("link", name=f"Gift cards {name}").click()
    page.get_by_label("Text").fill("A gift card is valid for four years.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.", exact=True)).to_be_visible()
    expect(page.get_by_text("No reply has cited it yet.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keep(page, f"snippet-{name}")
    page.get_by_text("Delete this snippet").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("The snippet is deleted.")).to_be_visible()
    page.get_by_role("link", name="Responder").click()
    expect(page.get_by_label("Mode")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    keep(page, f"settings-{name}")


def test_hours_on_a_phone(manager: SignIn) -> None:
    """A week is one click, and the settings' pages take one row of the screen, with the open one in it."""
    phone = manager("/settings/hours", width=375)
    tabs = phone.get_by_role("navigation", name="Settings pages")
    expect(tabs.get_by_role("link", name="Hours")).to_be_in_viewport()
    box = tabs.bounding_box()
    assert box is not None
    assert box["height"] < 80
    phone.get_by_label("We answer at set hours").check()
    expect(phone.get_by_label("Friday")).to_have_value("09:00-17:00")
    phone.get_by_label("Monday").fill("08:00-16:00")
    phone.get_by_role("button", name="Monday’s hours on every weekday").click()
    expect(phone.get_by_label("Friday")).to_have_value("08:00-16:00")
    expect(phone.get_by_label("Saturday")).to_have_value("")
    keep(phone, "settings-hours-phone")


def test_a_long_name_keeps_its_line(manager: SignIn) -> None:
    page = manager()
    for name in ("Harbour & Sons, Outfitters to the Whole Coast", "Northfold"):
        page.get_by_label("Name of the project").fill(name)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name=f"Settings of {name}")).to_be_visible()
        if name != "Northfold":
            inbox = page.context.new_page()
            inbox.goto(page.url.removesuffix("/settings"))
            box = inbox.get_by_title(name).bounding_box()
            assert box is not None
            assert box["height"] < 30
            assert inbox.evaluate("document.documentElement.scrollWidth <= innerWidth")
