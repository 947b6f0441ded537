"""What a person sees: the founding check with two tabs, and the walks around it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.acceptance.conftest import House, SignIn, keep
from tests.acceptance.gate import HEARING, Gate
from tests.acceptance.walking import ANA, BEN, address, ask, hold_after, open_newest


def test_two_tabs(visitor: Page, sign_in: SignIn, house: House) -> None:
    """The check that proves it by hand: assign and set pending while the AI thinks; the reply comes, both stand."""
    waiting = hold_after(house, 1)
    ask(visitor, "Where is my order 3348917502?")
    house.model.wait_until_asked(waiting)
    one = sign_in()
    open_newest(one)
    expect(one.get_by_text("AI is thinking", exact=True)).to_be_visible()
    keep(one, "two-tabs-1-thinking")
    two = sign_in(ANA, one.url.removeprefix(house.product.run["url"]))
    two.get_by_role("button", name="Assign to me").click()
    two.get_by_label("Status").select_option("pending")
    expect(one.get_by_label("Status", exact=True)).to_have_value("pending")
    house.model.release()
    for page in (one, two):
        expect(page.locator("#messages").get_by_text("Your parcel is on its way.")).to_be_visible()
        expect(page.get_by_text("AI is thinking")).to_have_count(0)
        expect(page.get_by_label("Status", exact=True)).to_have_value("pending")
        expect(page.get_by_label("Assignee").locator("option:checked")).to_contain_text("Ana Duarte")
    expect(visitor.get_by_text("Your parcel is on its way.")).to_be_visible()
    expect(one.locator(".timeline")).to_contain_text("Ana Duarte’s assignment of")
    keep(one, "two-tabs-2-landed")
    keep(two, "two-tabs-3-other-tab")


def test_a_stale_claim_says_who_was_faster(visitor: Page, sign_in: SignIn, house: House, gate: Gate) -> None:
    """Two agents look at the same unassigned conversation; the second click changes nothing and says so."""
    ask(visitor, "Who will help me?")
    one = sign_in(ANA)
    open_newest(one)
    gate.shut(HEARING, "refused")  # this tab does not hear of it in time
    two = sign_in(BEN, gate.url + address(house, one))
    expect(two.get_by_role("button", name="Assign to me")).to_be_visible()
    one.get_by_role("button", name="Assign to me").click()
    expect(one.get_by_label("Assignee").locator("option:checked")).to_contain_text("Ana Duarte")
    two.keyboard.press("a")
    expect(two.get_by_text("Ana Duarte was faster", exact=True)).to_be_visible()
    expect(two.get_by_label("Assignee").locator("option:checked")).to_contain_text("Ana Duarte")
    keep(two, "stale-claim")
    two.keyboard.press("a")
    expect(two.get_by_text("Ana Duarte has it", exact=True).last).to_be_visible()
    expect(two.locator(".toast")).to_have_count(1)
    row = two.locator(f"#row-{one.locator('.app').get_attribute('data-open')}")
    two.goto(house.product.run["url"])
    row.locator("a.row").focus()
    two.keyboard.press("a")
    toast = two.locator(".toast").filter(has_text="Ana Duarte has it")
    keep(two, "stale-claim-list")
    toast.get_by_role("button", name="Take it from Ana Duarte").click()
    expect(one.get_by_label("Assignee").locator("option:checked")).to_contain_text("Ben Osei")
    expect(row).to_contain_text("Ben Osei")
    expect(two.locator(".toast")).to_have_count(0)
    one.get_by_label("Assignee").select_option(label="Ana Duarte")
    expect(one.get_by_role("button", name="Assign to me")).to_have_count(0)
    one.keyboard.press("a")
    expect(one.get_by_text("It is yours already.")).to_be_visible()


def test_a_second_thought_is_not_lost_to_a_slow_first(visitor: Page, sign_in: SignIn, house: House, gate: Gate) -> None:
    """The status is set once more before the first answer is there: the last choice counts."""
    ask(visitor, "Is this spam?")
    page = sign_in(None, gate.url)
    open_newest(page)
    gate.shut(r"POST \S+/acts/status ", "held")
    status = page.get_by_label("Status", exact=True)
    status.select_option("pending")
    gate.wait_until_met()
    gate.open()
    with page.expect_response("**/acts/status") as answered:
        status.select_option("solved")
    assert answered.value.ok
    page.reload()
    expect(status).to_have_value("solved")


def test_a_persons_reply_pauses_the_responder_and_parks_its_words(visitor: Page, sign_in: SignIn, house: House) -> None:
    waiting = hold_after(house, 1)
    ask(visitor, "I would like to talk to somebody.")
    house.model.wait_until_asked(waiting)
    agent = sign_in(BEN)
    open_newest(agent)
    agent.get_by_label("Reply").fill("Ben here, how can I help?")
    agent.get_by_role("button", name="Send").click()
    expect(visitor.get_by_text("Ben here, how can I help?")).to_be_visible()
    expect(visitor.get_by_text("Ben Osei")).to_be_visible()
    expect(agent.get_by_text("the responder is paused")).to_be_visible()
    expect(agent.get_by_label("Reply")).to_have_value("")
    house.model.release()
    expect(agent.locator("#parked")).to_contain_text("A person replied first")
    keep(agent, "parked")
    expect(visitor.get_by_text("Your parcel is on its way.")).to_have_count(0)
    agent.get_by_role("button", name="Discard").click()
    expect(agent.locator("#parked")).not_to_contain_text("A person replied first")
    agent.get_by_role("button", name="Give back").click()
    expect(agent.get_by_text("The responder has this conversation")).to_be_visible()


def test_a_parked_reply_is_edited_and_posted(visitor: Page, sign_in: SignIn, house: House) -> None:
    asked = hold_after(house, 1)
    ask(visitor, "When does my order ship?")
    house.model.wait_until_asked(asked)
    agent = sign_in(BEN)
    open_newest(agent)
    agent.get_by_label("Reply", exact=True).fill("Let me look.")
    agent.get_by_role("button", name="Send", exact=True).click()
    expect(agent.get_by_text("the responder is paused")).to_be_visible()  # the field empties before it is stored
    house.model.release()
    agent.get_by_role("button", name="Edit", exact=True).click()
    words = agent.get_by_label("The AI’s words, to edit")
    words.fill("It ships on Tuesday.")
    ask(visitor, "Thank you, I wait.")  # what is live does not take the words from under a hand
    expect(agent.locator("#messages").get_by_text("Thank you, I wait.")).to_be_visible()
    expect(words).to_have_value("It ships on Tuesday.")
    keep(agent, "parked-edited")
    agent.get_by_role("button", name="Post edited").click()
    expect(visitor.get_by_text("It ships on Tuesday.")).to_be_visible()
    expect(agent.get_by_label("Parked")).to_have_count(0)
    expect(agent.get_by_label("Reply", exact=True)).to_have_value("")


def test_a_note_stays_among_agents(visitor: Page, sign_in: SignIn) -> None:
    ask(visitor, "Is anybody there?")
    agent = sign_in()
    open_newest(agent)
    agent.get_by_text("Note", exact=True).click()
    agent.get_by_label("Reply").fill("She has called before.")
    agent.get_by_label("Reply").press("Control+Enter")
    expect(agent.locator("#messages").get_by_text("She has called before.")).to_be_visible()  # it stands in Notes, too
    expect(visitor.get_by_text("She has called before.")).to_have_count(0)


def test_typed_words_survive_a_reload(visitor: Page, sign_in: SignIn) -> None:
    ask(visitor, "Please wait for my next message.")
    agent = sign_in()
    open_newest(agent)
    agent.get_by_label("Reply").fill("Half a sentence")
    agent.reload()
    expect(agent.get_by_label("Reply")).to_have_value("Half a sentence")


def test_hostile_text_stays_text(visitor: Page, sign_in: SignIn) -> None:
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script> https://example.com/?a=1&b=2"
    ask(visitor, hostile)
    agent = sign_in()
    open_newest(agent)
    expect(agent.locator("#messages").get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()
    assert agent.locator("#messages img, #messages script").count() == 0
    assert agent.locator("#messages a").first.get_attribute("rel") == "noopener noreferrer nofollow"


def test_the_visitor_comes_back_to_their_conversation(visitor: Page) -> None:
    ask(visitor, "Do you remember me?")
    expect(visitor.get_by_text("Your parcel is on its way.")).to_be_visible()
    visitor.reload()
    expect(visitor.get_by_text("Do you remember me?")).to_be_visible()
    expect(visitor.get_by_text("Your parcel is on its way.")).to_be_visible()


def test_wrong_password(open_page: Callable[..., Page]) -> None:
    page = open_page("/sign-in")
    page.get_by_label("Email").fill(ANA)
    page.get_by_label("Password").fill("not this")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    expect(page.get_by_label("Email")).to_have_value(ANA)


def test_a_conversation_is_settled_by_keys(visitor: Page, sign_in: SignIn) -> None:
    ask(visitor, "Can you reach everything by keyboard?")
    agent = sign_in()
    agent.keyboard.press("j")
    agent.keyboard.press("Enter")
    expect(agent.get_by_label("Reply")).to_be_visible()
    agent.wait_for_load_state()
    agent.keyboard.press("a")
    expect(agent.get_by_label("Assignee").locator("optgroup[label=You] option:checked")).to_have_count(1)
    agent.keyboard.press("t")
    expect(agent.get_by_text("the responder is paused")).to_be_visible()
    agent.keyboard.press("e")
    expect(agent.get_by_label("Status", exact=True)).to_have_value("solved")


def test_settings_are_for_managers(sign_in: SignIn) -> None:
    agent = sign_in(BEN, "/settings")
    expect(agent.get_by_text("Only managers change it.")).to_be_visible()
    expect(agent.get_by_role("button", name="Save")).to_have_count(0)
    manager = sign_in(path="/settings")
    manager.get_by_label("Instructions").fill("Be kind.")
    manager.get_by_role("button", name="Save").click()
    expect(manager.get_by_text("Saved.", exact=True)).to_be_visible()
    expect(manager.get_by_label("Instructions")).to_have_value("Be kind.")
