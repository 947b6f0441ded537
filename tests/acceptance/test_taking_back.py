"""Taking a message or note back in the browser: asked about, gone from every open page, by hand and by key."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.acceptance.conftest import House, SignIn, keep
from tests.acceptance.walking import BEN, address, ask, open_newest, two

__all__ = ["two"]  # a fixture, used by its name

SLIP = "Your password is tomato"
# How far each button's middle is from its time's, in the messages that are shown.
ASKEW = """() => Math.max(...[...document.querySelectorAll(".meta:has(.take-back)")].map((meta) => {
    const [time, icon] = [".when", ".take-back svg"].map((one) => meta.querySelector(one).getBoundingClientRect());
    return Math.abs(time.top + time.height / 2 - icon.top - icon.height / 2);
}))"""


def say(page: Page, words: str, kind: str = "To the visitor") -> None:
    """Send a reply or a note, and see it stand."""
    page.locator("#composer").get_by_text(kind, exact=True).click()
    page.get_by_label("Reply", exact=True).fill(words)
    page.get_by_label("Reply", exact=True).press("Control+Enter")
    expect(page.locator("#messages [data-message]").filter(has_text=words)).to_be_visible()


def test_a_reply_is_taken_back(two: tuple[Page, Page], visitor: Page) -> None:
    """From the visitor's page and a colleague's; one who looks again, or closes the question, has changed nothing."""
    ana, ben = two
    say(ana, SLIP)
    expect(visitor.get_by_text(SLIP)).to_be_visible()
    said = ana.locator("#messages .msg").filter(has_text=SLIP)
    said.hover()
    said.get_by_role("button", name="Remove this message").click()
    question = ana.get_by_role("dialog", name="Remove this message?")
    expect(question.get_by_text(SLIP)).to_be_visible()
    expect(question.get_by_text("on the visitor’s page")).to_be_visible()
    expect(question.get_by_role("button", name="Keep it")).to_be_focused()
    keep(ana, "taking-back")
    ana.keyboard.press("Escape")
    expect(visitor.get_by_text(SLIP)).to_be_visible()
    said.hover()
    said.get_by_role("button", name="Remove this message").click()
    question.get_by_role("button", name="Remove for everybody").click()
    expect(question).to_be_hidden()
    for page in (ana, ben, visitor):
        expect(page.get_by_text(SLIP)).to_have_count(0)
    expect(visitor.get_by_text("This message was removed.")).to_be_visible()
    expect(ben.locator("#messages .removed")).to_be_visible()
    expect(ben.locator("#messages").get_by_text("Ana Duarte removed a message")).to_be_visible()
    ana.reload()
    expect(ana.locator("#messages .removed")).to_be_visible()
    expect(ana.locator("#rows").get_by_text(SLIP)).to_have_count(0)


def test_a_note_is_taken_back_by_key(two: tuple[Page, Page]) -> None:
    """The newest of one's own, else the one whose time has the focus, which it keeps; nobody else's."""
    ana, ben = two
    ben.locator("#conversation").focus()
    ben.keyboard.press("d")
    expect(ben.get_by_text("There is no message of yours here.")).to_be_visible()
    say(ana, "She called twice.", "Note")
    expect(ben.locator("#messages .note").filter(has_text="twice")).to_be_visible()
    expect(ben.get_by_role("button", name="Remove this note")).to_have_count(0)
    ana.get_by_label("Reply", exact=True).press("Escape")
    ana.keyboard.press("d")
    question = ana.get_by_role("dialog", name="Remove this note?")
    expect(question.get_by_text("for all of the team")).to_be_visible()
    question.get_by_role("button", name="Remove for everybody").click()
    expect(ana.locator("#messages .note .when")).to_be_focused()
    for page in (ana, ben):
        expect(page.locator("#messages .note .removed")).to_be_visible()
        expect(page.get_by_text("She called twice.")).to_have_count(0)


def test_without_a_network_it_stays(two: tuple[Page, Page]) -> None:
    ana, ben = two
    say(ana, SLIP)
    ana.get_by_label("Reply", exact=True).press("Escape")
    ana.keyboard.press("d")
    ana.context.set_offline(True)
    ana.get_by_role("button", name="Remove for everybody").click()
    expect(ana.get_by_role("alert").get_by_text("It could not be removed. Try again.")).to_be_visible()
    expect(ben.get_by_text(SLIP).first).to_be_visible()
    ana.context.set_offline(False)
    ana.get_by_role("button", name="Remove for everybody").click()
    expect(ben.locator("#messages .removed")).to_be_visible()


def test_its_button_stands_in_the_line(visitor: Page, sign_in: SignIn, house: House) -> None:
    """Of a message's name and time, with a mouse and under a finger."""
    ask(visitor, "Hello?")
    agent = sign_in(BEN)
    open_newest(agent)
    say(agent, "Yes?")
    say(agent, "They wait.", "Note")
    assert agent.evaluate(ASKEW) <= 1
    phone = agent.context.browser.new_context(  # type: ignore[union-attr]  # it was not started by itself
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
        storage_state=agent.context.storage_state(),
    ).new_page()
    phone.goto(house.product.run["url"] + address(house, agent))
    expect(phone.get_by_role("button", name="Remove this note")).to_be_visible()
    assert phone.evaluate(ASKEW) <= 1
    keep(phone, "taking-back-phone")
    phone.context.close()
