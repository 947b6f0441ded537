"""A parked reply under somebody's hand: it is edited in its place, and what they made of it is lost in no way."""

from __future__ import annotations

from playwright.sync_api import Page, Route, expect

from tests.acceptance.conftest import House, SignIn, keep
from tests.acceptance.walking import ANA, BEN, address, ask, hold_after, open_newest

WORDS = "Your parcel is on its way."


def parked(visitor: Page, sign_in: SignIn, house: House) -> Page:
    """Ben before the reply of an AI whose conversation he took over while it thought, with its words to edit."""
    asked = hold_after(house, 1)
    ask(visitor, "When does it come?")
    house.model.wait_until_asked(asked)
    ben = sign_in(BEN)
    open_newest(ben)
    ben.keyboard.press("t")
    expect(ben.get_by_text("the responder is paused")).to_be_visible()
    house.model.release()
    ben.get_by_role("button", name="Edit", exact=True).click()
    return ben


def test_it_is_edited_in_its_place(visitor: Page, sign_in: SignIn, house: House) -> None:
    """One has its words once, is at their end, finds them after a reload, and sends them as in the composer."""
    ben = parked(visitor, sign_in, house)
    words = ben.get_by_label("The AI’s words, to edit")
    expect(words).to_be_focused()
    expect(ben.locator("#parked blockquote")).to_be_hidden()
    expect(ben.get_by_role("button", name="Post as it is")).to_be_hidden()
    ben.keyboard.type(" On Tuesday.")
    expect(words).to_have_value(f"{WORDS} On Tuesday.")
    keep(ben, "parked-in-hand")
    ben.reload()
    expect(words).to_have_value(f"{WORDS} On Tuesday.")
    words.press("Control+Enter")
    expect(visitor.get_by_text(f"{WORDS} On Tuesday.")).to_be_visible()
    expect(ben.get_by_label("Parked")).to_have_count(0)
    expect(ben.get_by_label("Reply", exact=True)).to_have_value("")
    expect(ben.locator("#conversation")).to_be_focused()
    ben.reload()
    expect(ben.locator("#messages").get_by_text("On Tuesday.")).to_be_visible()
    expect(ben.get_by_label("Reply", exact=True)).to_have_value("")


def test_it_is_left_as_it_was(visitor: Page, sign_in: SignIn, house: House) -> None:
    ben = parked(visitor, sign_in, house)
    ben.keyboard.type(" Or not.")
    ben.get_by_role("button", name="Leave as it was").click()
    expect(ben.locator("#parked blockquote")).to_have_text(WORDS)
    expect(ben.get_by_role("button", name="Edit", exact=True)).to_be_focused()
    ben.reload()
    expect(ben.locator("#parked blockquote")).to_be_visible()
    ben.get_by_role("button", name="Edit", exact=True).click()
    expect(ben.get_by_label("The AI’s words, to edit")).to_have_value(WORDS)


def test_a_colleague_is_there_too(visitor: Page, sign_in: SignIn, house: House) -> None:
    """Who edits is seen to write, is told of a reply, and keeps their words behind their own where it is closed."""
    ben = parked(visitor, sign_in, house)
    ben.get_by_label("Reply", exact=True).fill("Mine.")
    ana = sign_in(ANA, address(house, ben))
    expect(ben.get_by_text("Ana Duarte is here too")).to_be_visible()
    words = ben.get_by_label("The AI’s words, to edit")
    words.press_sequentially(" On Tuesday.")
    expect(ana.get_by_text("Ben Osei is writing")).to_be_visible()
    ana.get_by_label("Reply", exact=True).fill("Ana here.")
    ana.get_by_label("Reply", exact=True).press("Control+Enter")
    expect(ben.get_by_text("Ana Duarte replied while you were writing")).to_be_visible()
    expect(words).to_have_value(f"{WORDS} On Tuesday.")
    ana.get_by_role("button", name="Discard").click()
    expect(ben.get_by_text("The parked reply is closed.")).to_be_visible()
    expect(ben.get_by_label("Reply", exact=True)).to_have_value(f"Mine.\n\n{WORDS} On Tuesday.")
    ben.reload()
    expect(ben.get_by_label("Reply", exact=True)).to_have_value(f"Mine.\n\n{WORDS} On Tuesday.")


def test_it_is_discarded_while_it_is_posted(visitor: Page, sign_in: SignIn, house: House) -> None:
    """Whoever was a moment late keeps their words, where they write; nothing of them is sent."""
    ben = parked(visitor, sign_in, house)
    ana = sign_in(ANA, address(house, ben))
    ben.get_by_label("The AI’s words, to edit").fill("It comes on Tuesday.")
    held: list[Route] = []
    ben.route("**/drafts/*/send", lambda route: held.append(route))
    with ben.expect_request("**/drafts/*/send"):
        ben.get_by_role("button", name="Post edited").click()
    ana.get_by_role("button", name="Discard").click()
    expect(ben.get_by_label("Parked")).to_have_count(0)
    expect(ben.get_by_label("Reply", exact=True)).to_have_value("")  # it may have been sent
    held[0].continue_()
    expect(ben.get_by_label("Reply", exact=True)).to_have_value("It comes on Tuesday.")
    expect(visitor.get_by_text("It comes on Tuesday.")).to_have_count(0)


def test_it_is_posted_once_without_a_network(visitor: Page, sign_in: SignIn, house: House) -> None:
    """What could not be posted is there after a reload, and goes out when it is posted again."""
    ben = parked(visitor, sign_in, house)
    words = ben.get_by_label("The AI’s words, to edit")
    words.fill("It comes on Monday.")
    ben.route("**/drafts/*/send", lambda route: route.abort())
    words.press("Control+Enter")
    expect(ben.get_by_text("Not done: the server cannot be reached.")).to_be_visible()
    ben.unroute("**/drafts/*/send")
    ben.reload()
    expect(words).to_have_value("It comes on Monday.")
    words.press("Control+Enter")
    expect(visitor.get_by_text("It comes on Monday.")).to_be_visible()
