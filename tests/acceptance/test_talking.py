"""The open conversation, with two or three people at once: what they set, whom they call, what they have not sent."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.acceptance.conftest import House, SignIn, keep
from tests.acceptance.gate import HEARING, Gate
from tests.acceptance.walking import BEN, address, ask, open_newest, two

__all__ = ["two"]  # a fixture, used by its name


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


def test_the_slower_click_is_told(two: tuple[Page, Page], house: House, gate: Gate) -> None:
    ana, ben = two
    gate.shut(HEARING, "refused")  # Ben does not hear of it in time
    ben.goto(gate.url + address(house, ben))
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
    agent.keyboard.press("Control+z")
    expect(agent.get_by_label("Reply")).to_have_value("/")
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
    ben.wait_for_url("**/?view=mentions")
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
window.rang = 0;
document.addEventListener("tandem:rang", () => (window.rang += 1));
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
    assert ben.evaluate("window.rang") == 0, "no sound is wanted"


def test_a_sound_for_who_wants_one(two: tuple[Page, Page], visitor: Page, house: House) -> None:
    """Of what is given to them, and of what its visitor writes; not of what they look at, nor of a colleague's."""
    ana, ben = two
    here = address(house, ben)
    for page in two:
        page.add_init_script(NOTIFICATIONS)
        page.goto(f"{house.product.run['url']}/account")
        page.get_by_label("Play a sound").check()
        page.wait_for_function("() => window.rang === 1")  # to hear what it is like
    ben.goto(f"{house.product.run['url']}/")
    ana.goto(house.product.run["url"] + here)
    ben.evaluate("localStorage.removeItem('tandem:rang')")
    ana.get_by_label("Assignee").select_option(label="Ben Osei")
    ben.wait_for_function("() => window.rang === 1")
    ben.evaluate("localStorage.removeItem('tandem:rang')")
    ask(visitor, "Are you there?")
    ben.wait_for_function("() => window.rang === 2")
    expect(ana.locator("#messages").get_by_text("Are you there?")).to_be_visible()
    assert ana.evaluate("window.rang") == 0
