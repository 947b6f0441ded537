"""The widget on a page of another origin: kept, read, sent exactly once, and there for the same person elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import jwt
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.conftest import House, SignIn, keep
from tests.acceptance.gate import Gate
from tests.acceptance.shop import Shop, chat, shop, visit, write

__all__ = ["shop", "visit"]  # fixtures, used by their names


SENDING = "POST /api/v1/widget/messages "
FROM_THE_RIGHT = """(words) => {
  const line = document.createRange();
  line.selectNodeContents(words.firstChild.nodeName === "#text" ? words.firstChild : words);
  const [first, whole] = [[...line.getClientRects()].find(({ width }) => width), words.getBoundingClientRect()];
  return whole.right - first.right < 2 && first.left - whole.left > 20;
}"""


# What a browser gives whoever leaves a page: a timer with the number 0, and requests that fail at once.
ON_A_PAGE_THAT_IS_LEFT = """async (key) => {
  const { openOutbox } = await import("/static/js/widget/outbox.js");
  const { openSession } = await import("/static/js/widget/session.js");
  const kept = new Map();
  const set = (name, value) => (value === null ? kept.delete(name) : kept.set(name, value));
  const store = { names: () => [...kept.keys()], get: (name) => kept.get(name) ?? null, set };
  let asked = 0;
  window.setTimeout = () => 0;
  window.fetch = () => ((asked += 1) < 50 ? Promise.reject(new TypeError("left")) : new Promise(() => {}));
  const [onWaiting, onSent, onRefused, onTrouble] = Array(4).fill(() => {});
  const outbox = openOutbox(store, openSession(store, key), { onWaiting, onSent, onRefused, onTrouble });
  outbox.add({ content: "Hello?" });
  const { port1, port2 } = new MessageChannel();
  await new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage("all that had to be done at once is done");
  });
  return { asked, waiting: outbox.waiting().length };
}"""


def test_what_waits_does_not_go_round_on_a_page_that_is_left(browser: Browser, house: House) -> None:
    with browser.new_context(bypass_csp=True) as context:  # for what the test itself loads
        page = context.new_page()
        page.goto(f"{house.product.run['url']}/sign-in")
        left = page.evaluate(ON_A_PAGE_THAT_IS_LEFT, house.product.run["project_key"])
    assert left == {"asked": 1, "waiting": 1}, "the next page sends it"


def test_it_is_kept_without_cookies_and_read_without_a_mouse(visit: Callable[..., Page], house: House) -> None:
    page = visit()
    frame = chat(page)
    write(frame, "Is anybody there?")
    expect(frame.locator("#messages .by-ai").get_by_text("not a person")).to_be_visible()
    keep(page, "widget-light")
    assert page.context.cookies() == []
    # Tab stays inside, Escape closes, and the focus is where it was.
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "tandem-widget"
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Open the chat")).to_be_focused()
    page.reload()
    frame = chat(page)
    expect(frame.get_by_text("Is anybody there?")).to_be_visible()


def test_the_visitor_page_has_its_field_in_sight(visitor: Page) -> None:
    for size in ((1280, 640), (375, 600)):
        visitor.set_viewport_size({"width": size[0], "height": size[1]})
        expect(visitor.get_by_label("Message", exact=True)).to_be_in_viewport(ratio=1)


def test_lines_stay_lines_and_addresses_lead_there(visit: Callable[..., Page], house: House) -> None:
    page = visit()
    frame = chat(page)
    field = frame.get_by_label("Message")
    field.fill("First line")
    field.press("Shift+Enter")
    field.press_sequentially("see https://shop.example/a?b=1. <b>")
    field.press("Enter")
    words = frame.locator("#messages article.visitor .bubble p")
    expect(words).to_have_text("First line see https://shop.example/a?b=1. <b>")
    assert words.inner_text().split("\n") == ["First line", "see https://shop.example/a?b=1. <b>"]
    expect(words.get_by_role("link")).to_have_attribute("href", "https://shop.example/a?b=1")
    expect(field).to_have_value("")


def test_words_run_as_their_writing_does(visit: Callable[..., Page], sign_in: SignIn) -> None:
    frame = chat(visit())
    field = frame.get_by_label("Message")
    field.fill("שלום")
    assert field.evaluate("(it) => getComputedStyle(it).direction") == "rtl"
    field.press("Shift+Enter")
    field.press_sequentially("Hello to everybody")
    field.press("Enter")
    inbox = sign_in(None, "/")
    inbox.locator("#rows a.row").first.click()
    for words in (frame.locator("#messages .visitor .bubble p"), inbox.locator("#messages .visitor .bubble p").first):
        expect(words).to_contain_text("Hello to everybody")
        assert words.evaluate(FROM_THE_RIGHT), "the first line stands at the right, as wide as it is"


def test_axe_finds_nothing(visit: Callable[..., Page]) -> None:
    """On another's page, with words in it; the empty frame is among all pages (test_every_page.py)."""
    page = visit(dark=True)
    frame = chat(page)
    write(frame, "Hello?")
    expect(frame.locator("#messages .by-ai")).to_be_visible()
    keep(page, "widget-dark")
    for one in page.frames:
        found = one.evaluate(Axe().axe_script + "; axe.run({iframes: false})")
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == []


def test_offline_words_are_sent_once(visit: Callable[..., Page], shop: Shop, gate: Gate) -> None:
    """Typed offline, the answer lost on the way back, the page closed and opened: stored once."""
    shop.home = gate.url
    page = visit()
    frame = chat(page)
    write(frame, "First words")
    expect(frame.locator(".queued")).to_have_count(0, timeout=20_000)
    page.context.set_offline(True)
    write(frame, "Typed offline")
    expect(frame.locator(".queued")).to_contain_text("Waiting for the network")
    expect(frame.get_by_text("No connection.")).to_be_visible()
    keep(page, "widget-offline")
    gate.shut(SENDING, "refused")
    page.context.set_offline(False)  # a page can only be loaded again with a network; no message comes through yet
    page.reload()
    frame = page.frame_locator("iframe")
    expect(frame.locator(".queued")).to_contain_text("Typed offline", timeout=20_000)
    gate.wait_until_met()
    gate.shut(SENDING, "lost")  # the server stores it, and its answer never arrives
    gate.wait_until_met()
    gate.open()
    expect(frame.locator(".queued")).to_have_count(0, timeout=30_000)
    page.reload()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_text("Typed offline")).to_have_count(1)
    # It was left open: it is there again, and leaves the focus to the page that somebody went to.
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    page.set_viewport_size({"width": 640, "height": 380})  # letters of twice the size: the whole window is its room
    box = page.locator("iframe").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == (640, 380)
    expect(frame.locator("#messages article").last).to_be_in_viewport()
    page.reload()
    expect(page.get_by_role("button", name="Open the chat")).to_be_visible()
    expect(page.locator("iframe")).to_be_hidden()  # it would lie over all of the page


def test_the_same_person_in_another_browser(
    visit: Callable[..., Page], sign_in: SignIn, shop: Shop, house: House
) -> None:
    manager = sign_in(None, "/settings/widget")
    manager.get_by_role("button", name="Make a secret").click()
    secret = manager.get_by_label("Identity secret").input_value()
    key = house.product.run["project_key"]

    def identity(who: str) -> str:
        return jwt.encode({"sub": who, "aud": key, "exp": int(time.time()) + 600, "name": "Leila"}, secret, "HS256")

    shop.more = f' data-identity="{identity("customer-7")}"'
    write(chat(visit()), "From my phone")
    expect(chat(visit()).get_by_text("From my phone")).to_be_visible()
    shop.more = f' data-identity="{identity("customer-8")}"'
    stranger = chat(visit())
    write(stranger, "Somebody else")
    expect(stranger.get_by_text("From my phone")).to_have_count(0)
    shop.more = ""
    nobody = visit()
    assert json.loads(nobody.evaluate("JSON.stringify(Object.keys(localStorage))")) == []


def test_where_it_may_not_stand(visit: Callable[..., Page], sign_in: SignIn, house: House) -> None:
    manager = sign_in(None, "/settings/widget")
    origins = manager.get_by_label("Allowed origins")
    origins.fill("https://shop.example")
    manager.get_by_role("button", name="Save").click()
    expect(manager.get_by_text("Saved.", exact=True)).to_be_visible()
    try:
        page = visit()
        with page.expect_console_message(lambda said: "cannot be shown on this page" in said.text):
            page.reload()
        expect(page.locator("#tandem-widget")).to_have_count(0)
    finally:
        origins.fill("")
        manager.get_by_role("button", name="Save").click()
        expect(manager.get_by_text("Saved.", exact=True)).to_be_visible()
