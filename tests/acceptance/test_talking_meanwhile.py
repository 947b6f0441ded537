"""The open conversation while others write: the visitor, the responder, a faster colleague, one without a network."""

from __future__ import annotations

import threading

from playwright.sync_api import Page, expect

from tests.acceptance.conftest import House, SignIn, keep
from tests.acceptance.gate import HEARING, Gate
from tests.acceptance.walking import ANA, BEN, address, ask, open_newest, two
from tests.model_server import Asked, Script, chunk, sensible

__all__ = ["two"]  # a fixture, used by its name

MORE_PEOPLE_MS = 30_000


def test_the_visitor_types(two: tuple[Page, Page], visitor: Page) -> None:
    for page in two:  # a sign is not kept for a page that opens later
        expect(page.get_by_text("is here too")).to_be_visible()
        visitor.get_by_label("Message").press_sequentially("I wonder", delay=500)
        expect(page.get_by_text("is typing")).to_be_visible()
    ask(visitor, "I wonder.")
    expect(two[0].get_by_text("is typing")).to_be_hidden()


def test_the_visitor_sees_that_a_person_writes(two: tuple[Page, Page], visitor: Page) -> None:
    """What is for them, and no note: its author has switched to a note, and only a colleague sees them write."""
    ana, ben = two
    ana.get_by_label("Note", exact=True).check(force=True)
    ana.get_by_label("Reply").press_sequentially("Do we know them?")
    expect(ben.get_by_text("Ana Duarte is writing")).to_be_visible()
    expect(visitor.locator("#person-writing")).to_be_hidden()
    ben.get_by_label("Reply").press_sequentially("Let me look")
    expect(visitor.locator("#person-writing")).to_contain_text("A person is writing")
    keep(visitor, "widget-person-writes")
    ben.get_by_label("Reply").press("Control+Enter")
    expect(visitor.locator("#messages").get_by_text("Let me look")).to_be_visible()
    expect(visitor.locator("#person-writing")).to_be_hidden()
    for page in two:
        expect(page.locator("#saw")).to_contain_text("Seen by the visitor")
    ask(visitor, "Take your time.")
    expect(ana.locator("#saw")).to_be_hidden()


def half_said(first: str, rest: str, gate: threading.Event) -> Script:
    """A model that stops in the middle of its sentence until the gate opens."""

    def answer(asked: Asked) -> None:
        asked.begin()
        asked.send(chunk({"role": "assistant", "content": first}))
        gate.wait(60)
        asked.send(chunk({"content": rest}))
        asked.send(chunk({}, finish="stop"))
        asked.raw(b"data: [DONE]\n\n")

    return answer


def test_the_words_of_a_reply_as_they_come(visitor: Page, sign_in: SignIn, house: House) -> None:
    """Agents see them; the visitor sees nothing before the reply has landed, and nothing of one that was stopped."""
    gate = threading.Event()
    ana, ben = sign_in(ANA), sign_in(BEN)  # before, for the model's words may not stay away for long
    house.model.default, usual = half_said_or_decide("Your coat is ", "in the post.", gate), house.model.default
    try:
        ask(visitor, "Where is my coat?")
        expect(ana.locator("#rows a").filter(has_text="Where is my coat?").first).to_be_visible()
        open_newest(ana)
        card = ana.locator(".run")
        expect(card.locator(".draft")).to_have_text("Your coat is")
        expect(card.locator(".node b")).not_to_be_empty()
        keep(ana, "talk-run")
        ben.goto(ana.url)
        expect(ben.locator(".run .draft")).to_have_text("Your coat is")
        expect(visitor.get_by_text("Your coat is")).to_have_count(0)
        gate.set()
        expect(visitor.get_by_text("Your coat is in the post.")).to_be_visible()
        expect(card).to_have_count(0)
    finally:
        gate.set()
        house.model.default = usual


def half_said_or_decide(first: str, rest: str, gate: threading.Event) -> Script:
    """Decisions are made at once; words stop in the middle."""
    spoken = half_said(first, rest, gate)
    return lambda asked: sensible(asked) if asked.demanded else spoken(asked)


def test_somebody_replied_first(two: tuple[Page, Page], visitor: Page, house: House, gate: Gate) -> None:
    ana, ben = two
    gate.shut(HEARING, "refused")
    ben.goto(gate.url + address(house, ben))
    ana.get_by_label("Reply").fill("Ana here, I have booked the refund.")
    ana.get_by_label("Reply").press("Control+Enter")
    expect(visitor.get_by_text("Ana here, I have booked")).to_be_visible()
    ben.get_by_label("Reply").fill("I booked the refund by hand.")
    ben.get_by_label("Reply").press("Control+Enter")
    expect(ben.get_by_role("alert")).to_contain_text("Ana Duarte replied")
    expect(ben.get_by_label("Reply")).to_have_value("I booked the refund by hand.")
    expect(ben.locator("#messages").get_by_text("Ana here, I have booked")).to_be_visible()
    keep(ben, "talk-faster")
    ben.get_by_role("button", name="Keep as a note").click()
    expect(ana.locator("#messages .note").get_by_text("I booked the refund by hand.")).to_be_visible()
    expect(ben.get_by_label("Reply")).to_have_value("")
    expect(visitor.get_by_text("I booked the refund by hand.")).to_have_count(0)


def test_who_replies_while_another_writes(two: tuple[Page, Page], visitor: Page) -> None:
    """The second writer is told at once, of a person as of the AI, and the first one writes no more."""
    ana, ben = two
    line = ben.locator("#meanwhile")
    sent: list[str] = []
    ana.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
    ben.get_by_label("Reply").press_sequentially("A long answer")
    ana.get_by_label("Reply").press_sequentially("A quick one")
    expect(ben.get_by_text("Ana Duarte is writing")).to_be_visible()
    expect(line).to_be_hidden()
    with ana.expect_response("**/say"):
        ana.get_by_label("Reply").press("Control+Enter")
    said = [one for one in sent if "/here" in one]
    assert "viewing" in said[-1], "with the words, before it would be said some seconds later"
    expect(line).to_have_text("Ana Duarte replied while you were writing")
    expect(ben.get_by_text("Ana Duarte is writing")).to_be_hidden()
    expect(ana.locator("#meanwhile")).to_be_hidden()
    expect(ana.locator("#hint")).to_be_hidden()  # the responder is paused already
    keep(ben, "talk-meanwhile")
    ben.get_by_label("Reply").fill("")
    expect(line).to_be_hidden()


def test_what_is_written_offline_is_said_once(two: tuple[Page, Page], visitor: Page, house: House, gate: Gate) -> None:
    ana, ben = two
    ben.goto(gate.url + address(house, ben))
    ben.context.set_offline(True)
    expect(ben.locator("#offline")).to_be_visible(timeout=15_000)  # told by the browser, not by a silent line
    ben.get_by_label("Reply").fill("It is on its way to you.")
    ben.get_by_label("Reply").press("Control+Enter")
    expect(ben.locator("#outbox")).to_contain_text("waiting to be sent")
    keep(ben, "talk-offline")
    ana.get_by_label("Reply").fill("A note meanwhile")
    ana.get_by_text("Note", exact=True).click()
    ana.get_by_label("Reply").press("Control+Enter")
    ben.context.set_offline(False)
    expect(visitor.get_by_text("It is on its way to you.")).to_have_count(1, timeout=MORE_PEOPLE_MS)
    expect(ben.locator("#outbox")).to_be_empty()
    for page in two:
        expect(page.locator("#messages").get_by_text("It is on its way to you.")).to_have_count(1)
    expect(ben.locator("#messages").get_by_text("A note meanwhile")).to_be_visible(timeout=MORE_PEOPLE_MS)
    gate.shut(r"POST \S+/say ", 503)
    ben.get_by_label("Reply", exact=True).fill("Left behind")
    ben.keyboard.press("Control+Enter")
    expect(ben.locator("#outbox")).to_contain_text("waiting to be sent")
    gate.open()
    ben.goto(ben.url.partition("/conversations")[0])  # somewhere else before it is sent
    expect(visitor.get_by_text("Left behind")).to_have_count(1)


def test_what_is_new_moves_nothing(two: tuple[Page, Page]) -> None:
    ana, ben = two
    for n in range(8):
        ana.get_by_label("Reply").fill(f"Line {n}\n\nof a long story\n\nthat goes on")
        ana.get_by_label("Reply").press("Control+Enter")
        expect(ben.locator("#messages").get_by_text(f"Line {n}", exact=True)).to_be_visible()
    thread = ben.locator("#thread")
    thread.evaluate("thread => thread.scrollTo({ top: -400 })")
    read = ben.locator("#messages").get_by_text("Line 4", exact=True)
    before = read.evaluate("line => Math.round(line.getBoundingClientRect().top)")
    for words in ("First new", "Second new"):
        ana.get_by_label("Reply").fill(words)
        ana.get_by_label("Reply").press("Control+Enter")
        expect(ana.locator("#messages").get_by_text(words)).to_be_visible()
    expect(ben.get_by_role("button", name="2 new messages")).to_be_visible()
    assert abs(read.evaluate("line => Math.round(line.getBoundingClientRect().top)") - before) <= 1
    keep(ben, "talk-new")
    ben.get_by_role("button", name="2 new messages").click()
    expect(ben.locator("#new-line")).to_be_in_viewport()
    expect(ben.get_by_role("button", name="2 new messages")).to_be_hidden()
