"""One message by its link, where what is new begins, and a conversation that is gone while somebody has it open."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.acceptance.conftest import House, SignIn, keep
from tests.acceptance.walking import BEN, address, ask, open_newest


def test_a_message_by_its_link_until_its_visitor_is_erased(house: House, visitor: Page, sign_in: SignIn) -> None:
    ask(visitor, "Where is it?")
    ask(visitor, "Hello?")
    ben = sign_in(BEN)
    ben.context.grant_permissions(["clipboard-read", "clipboard-write"])
    open_newest(ben)
    expect(ben.locator("#new-line")).to_be_visible()
    ben.get_by_label("Reply").fill("On its way.")
    ben.get_by_label("Reply").press("Control+Enter")
    expect(ben.locator("#messages .by-person")).to_contain_text("On its way.")
    expect(ben.locator("#new-line")).to_have_count(0)

    times = ben.locator("#messages .when")
    times.last.focus()
    for _ in range(times.count() - 1):
        ben.keyboard.press("ArrowUp")
    expect(ben.locator('#messages .when[tabindex="0"]')).to_have_count(1)
    ben.keyboard.press("Enter")
    expect(ben.locator("#toasts")).to_contain_text("The link to this message is copied.")
    ben.goto(ben.evaluate("navigator.clipboard.readText()"))
    expect(ben.locator(".is-linked")).to_contain_text("Where is it?")
    keep(ben, "talk-link")

    ben.get_by_label("Reply").fill("And one more thing")
    mai = sign_in(path=address(house, ben))
    mai.get_by_text("Erase this visitor").click()
    mai.locator(".erasing input[name=sure]").check()
    mai.get_by_role("button", name="Erase").click()
    expect(ben.get_by_role("heading", name="This conversation is gone")).to_be_visible()
    expect(ben.get_by_text("Where is it?")).to_have_count(0)
    ben.get_by_role("button", name="Copy what you typed").click()
    assert ben.evaluate("navigator.clipboard.readText()") == "And one more thing"
    keep(ben, "talk-gone")
