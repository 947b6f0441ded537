"""The open conversation, with two or three people at once: who is here, what they write, what they set, what is new."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import House, keep
from tests.acceptance.test_inbox import ANA, BEN, ask, open_newest
from tests.model_server import Asked, Script, chunk, sensible

SignIn = Callable[..., Page]
MORE_PEOPLE_MS = 30_000
expect.set_options(timeout=15_000)  # several browsers and the whole product on a busy machine


def address(house: House, page: Page) -> str:
    """Where the page is, without its server."""
    return page.url.removeprefix(house.product.run["url"])


@pytest.fixture
def two(visitor: Page, sign_in: SignIn, house: House) -> tuple[Page, Page]:
    """Ana and Ben before the same conversation."""
    ask(visitor, "Hello, is somebody there?")
    ana = sign_in(ANA)
    open_newest(ana)
    ana.wait_for_load_state()
    return ana, sign_in(BEN, address(house, ana))


def test_what_is_set_beside_it(two: tuple[Page, Page]) -> None:
    ana, ben = two
    ana.get_by_label("Add a label", exact=True).fill("refund")
    ana.get_by_label("Add a label", exact=True).press("Enter")
    expect(ben.locator("#labels")).to_contain_text("refund")
    ben.get_by_role("button", name="Remove refund").click()
    expect(ana.locator("#labels")).to_contain_text("No label yet")
    ana.get_by_text("Set an attribute").click()
    ana.get_by_label("Name", exact=True).fill("Order")
    ana.get_by_label("Value", exact=True).fill("NF-20418")
    ana.get_by_label("Value", exact=True).press("Enter")
    expect(ben.locator("#facts")).to_contain_text("NF-20418")
    ana.get_by_label("Snooze", exact=True).click()
    ana.get_by_role("button", name="Tomorrow morning").click()
    expect(ben.get_by_label("Status", exact=True)).to_have_value("snoozed")
    expect(ben.get_by_text("Snoozed until")).to_be_visible()
    keep(ben, "talk-side")


def test_the_slower_click_is_told(two: tuple[Page, Page], house: House) -> None:
    ana, ben = two
    ben.route("**/events*", lambda route: route.abort())  # Ben does not hear of it in time
    ben.reload()
    ana.get_by_label("Priority").select_option("urgent")
    expect(ana.locator("#timeline")).to_contain_text("set the priority to urgent")
    ben.get_by_label("Priority").select_option("low")
    expect(ben.get_by_text("Ana Duarte was faster")).to_be_visible()
    expect(ben.get_by_label("Priority")).to_have_value("urgent")
    keep(ben, "talk-slower")


def test_canned_replies(sign_in: SignIn, visitor: Page) -> None:
    ask(visitor, "Where can I send it back?")
    manager = sign_in(path="/settings/canned/new")
    manager.get_by_label("Short name").fill("back")
    manager.get_by_label("Text").fill("Hello {{visitor.name|there}}, {{agent.name}} here: use the prepaid label.")
    manager.get_by_role("button", name="Save").click()
    expect(manager.get_by_text("/back can be used from now on.")).to_be_visible()
    keep(manager, "talk-canned-settings")
    agent = sign_in(BEN)
    open_newest(agent)
    agent.wait_for_load_state()
    agent.get_by_label("Reply").press_sequentially("/bac")
    expect(agent.get_by_role("option", name="/back")).to_be_visible()
    keep(agent, "talk-canned")
    agent.get_by_label("Reply").fill("")
    agent.get_by_role("button", name="Canned replies").click()  # the way of a thumb
    agent.get_by_role("option", name="/back").click()
    expect(agent.get_by_label("Reply")).to_have_value("Hello there, Ben Osei here: use the prepaid label.")
    agent.get_by_label("Reply").fill("/back")
    agent.get_by_label("Reply").press("Enter")
    expect(agent.get_by_label("Reply")).to_have_value("Hello there, Ben Osei here: use the prepaid label.")
    agent.get_by_label("Reply").press("Control+Enter")
    expect(visitor.get_by_text("Ben Osei here: use the prepaid label.")).to_be_visible()


def test_a_mention_calls_a_colleague(two: tuple[Page, Page], visitor: Page) -> None:
    ana, ben = two
    ben.goto(ben.url.split("/conversations")[0])
    mentions = ben.locator("#views a", has_text="Mentions")
    before = int(mentions.locator(".count").inner_text())
    ana.get_by_label("Mention a colleague").click()
    ana.get_by_label("Reply").press_sequentially("ben")
    ana.get_by_label("Reply").press("Enter")
    ana.get_by_label("Reply").press_sequentially("do you know her?")
    ana.get_by_label("Reply").press("Control+Enter")
    expect(ana.locator("#messages .mention")).to_have_text("@Ben Osei")
    expect(mentions.locator(".count")).to_have_text(str(before + 1))
    expect(ben).to_have_title(re.compile(r"^\(1\) "))
    mentions.click()
    open_newest(ben)
    expect(ben.locator("#messages .mention").last).to_have_text("@Ben Osei")
    expect(mentions.locator(".count")).to_have_text(str(before))
    expect(visitor.get_by_text("do you know her?")).to_have_count(0)


def test_unsent_words_follow_their_writer(two: tuple[Page, Page], sign_in: SignIn, house: House) -> None:
    ana, ben = two
    elsewhere = sign_in(BEN, address(house, ben))
    ben.get_by_label("Reply").press_sequentially("Half a sentence")
    expect(elsewhere.get_by_label("Reply")).to_have_value("Half a sentence")
    expect(ana.get_by_text("Ben Osei is writing")).to_be_visible()
    expect(ana.get_by_label("Reply")).to_have_value("")
    third = ben.context.new_page()
    third.goto(ben.url)
    expect(third.get_by_label("Reply")).to_have_value("Half a sentence")
    keep(ana, "talk-company")
    third.get_by_label("Reply").press("Control+Enter")
    for page in (ben, elsewhere, third):
        expect(page.get_by_label("Reply")).to_have_value("")
        expect(page.locator("#messages").get_by_text("Half a sentence")).to_be_visible()


def test_the_visitor_types(two: tuple[Page, Page], visitor: Page) -> None:
    for page in two:  # a sign is not kept for a page that opens later
        expect(page.get_by_text("is here too")).to_be_visible()
        visitor.get_by_label("Message").press_sequentially("I wonder", delay=500)
        expect(page.get_by_text("is typing")).to_be_visible()
    ask(visitor, "I wonder.")
    expect(two[0].get_by_text("is typing")).to_be_hidden()


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
        expect(ana.locator("#rows a").first).to_contain_text("Where is my coat?")
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


def test_somebody_replied_first(two: tuple[Page, Page], visitor: Page) -> None:
    ana, ben = two
    ben.route("**/events*", lambda route: route.abort())
    ben.reload()
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
    ben.get_by_label("Reply").press_sequentially("A long answer")
    ana.get_by_label("Reply").press_sequentially("A quick one")
    expect(ben.get_by_text("Ana Duarte is writing")).to_be_visible()
    expect(line).to_be_hidden()
    ana.get_by_label("Reply").press("Control+Enter")
    expect(line).to_have_text("Ana Duarte replied while you were writing")
    expect(ben.get_by_text("Ana Duarte is writing")).to_be_hidden(timeout=3_000)
    expect(ana.locator("#meanwhile")).to_be_hidden()
    expect(ana.locator("#hint")).to_be_hidden()  # the responder is paused already
    keep(ben, "talk-meanwhile")
    ben.get_by_label("Reply").fill("")
    expect(line).to_be_hidden()


def test_what_is_written_offline_is_said_once(two: tuple[Page, Page], visitor: Page) -> None:
    ana, ben = two
    ben.context.set_offline(True)
    expect(ben.locator("#offline")).to_be_visible(timeout=3_000)  # told by the browser, not by a line that stays silent
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


def test_with_one_thumb(visitor: Page, sign_in: SignIn, house: House) -> None:
    ask(visitor, "Does it work on a phone?")
    agent = sign_in(BEN, "/#list", width=375)
    open_newest(agent)
    agent.wait_for_load_state()
    expect(agent.get_by_label("Assignee")).to_be_hidden()
    agent.get_by_label("More", exact=True).click()
    agent.get_by_label("Assignee").select_option(label="Ana Duarte")
    keep(agent, "talk-375-more")
    agent.get_by_label("About this conversation").first.click()
    expect(agent.get_by_label("Add a label", exact=True)).to_be_visible()
    keep(agent, "talk-375-side")
    agent.get_by_role("button", name="Close").click()
    expect(agent.get_by_label("Add a label", exact=True)).to_be_hidden()
    agent.get_by_label("Reply").fill("Yes, it does.")
    agent.get_by_role("button", name="Send").click()
    expect(visitor.get_by_text("Yes, it does.")).to_be_visible()
    keep(agent, "talk-375")
    assert agent.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    small = agent.evaluate(
        """() => [...document.querySelectorAll('.conversation button, .conversation a.icon-btn')]
            .filter((one) => one.offsetParent && one.getBoundingClientRect().height < 24).map((one) => one.outerHTML)"""
    )
    assert small == []


NOTIFICATIONS = """
window.told = [];
window.asked = 0;
window.Notification = class {
  static permission = "default";
  static async requestPermission() { window.asked += 1; this.permission = "granted"; return "granted"; }
  constructor(title, { body }) { window.told.push(`${title}: ${body}`); }
  addEventListener() {}
  close() {}
};
Object.defineProperty(document, "hidden", { get: () => Boolean(window.away) });
"""


def test_called_back_only_if_wanted(two: tuple[Page, Page], visitor: Page) -> None:
    """The title counts for everybody; a notification comes to who asked for it with a click, of what is theirs."""
    ana, ben = two
    for page in two:
        page.add_init_script(NOTIFICATIONS)
        page.reload()
    ben.get_by_role("button", name="Assign to me").click()
    expect(ana.get_by_label("Assignee").locator("option:checked")).to_contain_text("Ben Osei")
    assert ben.evaluate("window.asked") == 0
    ben.get_by_role("button", name="Notify me").click()
    expect(ben.get_by_role("button", name="Notify me", pressed=True)).to_be_visible()
    for page in two:
        page.evaluate("window.away = true")
    ask(visitor, "Are you still there?")
    expect(ben).to_have_title(re.compile(r"^\(1\) "))
    ben.wait_for_function("() => window.told.length === 1")
    assert ben.evaluate("window.told[0]").endswith("Are you still there?")
    expect(ana.locator("#messages").get_by_text("Are you still there?")).to_be_visible()
    assert (ana.evaluate("window.told"), ana.evaluate("window.asked")) == ([], 0), "it is Ben's"
