"""What an agent sends is held for a while, where they want so: taken back in time, and never lost."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.acceptance.conftest import House, SignIn, keep
from tests.acceptance.walking import BEN, ask, open_newest


def test_what_is_sent_can_be_taken_back_and_goes_out_with_whoever_leaves(
    house: House, visitor: Page, sign_in: SignIn
) -> None:
    ask(visitor, "Where is my parcel?")
    ben = sign_in(BEN, "/account")
    ben.get_by_label("Hold what I send").select_option("20")
    ben.evaluate("localStorage.setItem('tandem:hold', '600')")  # no walk is as slow
    ben.goto(house.product.run["url"] + "/")
    open_newest(ben)
    reply = ben.get_by_label("Reply")
    reply.fill("It is on its weg.")
    reply.press("Control+Enter")
    expect(ben.locator("#outbox")).to_contain_text("goes out in")
    expect(ben.locator("#owner")).to_contain_text("the responder is paused")
    keep(ben, "talk-held")
    reply.press("Control+z")
    expect(reply).to_have_value("It is on its weg.")
    expect(ben.locator("#outbox > *")).to_have_count(0)

    ben.get_by_text("Note", exact=True).click()
    reply.fill("She has called before.")
    reply.press("Control+Enter")
    expect(ben.locator("#messages").get_by_text("She has called before.")).to_be_visible()  # nobody waits for a note
    expect(ben.locator("#outbox > *")).to_have_count(0)
    ben.get_by_text("To the visitor", exact=True).click()

    reply.fill("It is on its way.")
    reply.press("Control+Enter")
    expect(ben.locator("#outbox")).to_contain_text("goes out in")
    expect(visitor.get_by_text("It is on its")).to_have_count(0)
    ben.goto(house.product.run["url"] + "/account")
    expect(visitor.get_by_text("It is on its way.")).to_be_visible()
    ben.go_back()
    expect(ben.locator("#outbox > *")).to_have_count(0)
    expect(ben.locator("#messages").get_by_text("It is on its way.")).to_have_count(1)
    expect(visitor.get_by_text("It is on its")).to_have_count(1)
