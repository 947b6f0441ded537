"""The widget on a page of another origin: exactly once, by name, rated, with files, for the same person elsewhere."""

from __future__ import annotations

import http.server
import json
import re
import struct
import threading
import time
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, FrameLocator, Page, expect
from redis import Redis

from tests.acceptance.conftest import House, keep
from tests.product import wait_for

SignIn = Callable[..., Page]
FETCHED = re.compile("^blob:")  # with the visitor's token, into memory
ANA = "ana@northfold.example"
SHOP = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>A shop of somebody else</h1><p>Words.</p><a href="#x">A link</a></main>
<script src="{url}/widget.js" data-project="{key}"{more} async></script></body></html>"""


@dataclass
class Shop:
    """A site on another origin. `more` are further attributes of its tag."""

    address: str
    house: House
    more: str = ""

    @property
    def html(self) -> str:
        run = self.house.product.run
        return SHOP.format(url=run["url"], key=run["project_key"], more=self.more)


@pytest.fixture
def shop(house: House) -> Iterator[Shop]:
    """Its server."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(site.html.encode())

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Shop(f"http://localhost:{server.server_address[1]}/", house)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield site
    server.shutdown()
    server.server_close()


@pytest.fixture
def visit(browser: Browser, shop: Shop) -> Iterator[Callable[..., Page]]:
    """Opens the shop in a browser of its own. Errors of scripts fail the test."""
    contexts, errors = [], []

    def opened(*, width: int = 1280, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 760}, color_scheme="dark" if dark else "light", accept_downloads=True
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(shop.address)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert errors == []


def chat(page: Page) -> FrameLocator:
    """The open chat."""
    page.get_by_role("button", name="Open the chat").click()
    frame = page.frame_locator("iframe")
    expect(frame.get_by_label("Message")).to_be_focused(timeout=20_000)
    return frame


def write(frame: FrameLocator, words: str) -> None:
    frame.get_by_label("Message").fill(words)
    frame.get_by_role("button", name="Send").click()
    expect(frame.get_by_text(words, exact=True)).to_be_visible()


def unreachable(page: Page) -> Callable[[], None]:
    """Nothing that is sent arrives, until what is returned is called."""

    def abort(route: Any) -> None:
        if route.request.method == "POST":
            route.abort()
        else:
            route.fallback()

    page.context.route("**/api/v1/widget/**", abort)
    return lambda: page.context.unroute("**/api/v1/widget/**", abort)


def open_conversation(agent: Page, words: str) -> None:
    """The conversation with these words, found by the API that the page's session does not need."""
    agent.goto(agent.url.split("/", 3)[0] + "//" + agent.url.split("/")[2] + "/")
    agent.locator("#rows a").filter(has_text=words).first.click()
    expect(agent.get_by_label("Reply", exact=True)).to_be_visible()


def picture(width: int = 60, height: int = 40) -> bytes:
    rows = b"".join(b"\0" + b"\x50\x90\xc0" * width for _ in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


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


def test_offline_words_are_sent_once(visit: Callable[..., Page], house: House) -> None:
    """Typed offline, the answer lost on the way back, the page closed and opened: stored once."""
    page = visit()
    frame = chat(page)
    write(frame, "First words")
    expect(frame.locator(".queued")).to_have_count(0, timeout=20_000)
    page.context.set_offline(True)
    write(frame, "Typed offline")
    expect(frame.locator(".queued")).to_contain_text("Waiting for the network")
    expect(frame.get_by_text("No connection.")).to_be_visible()
    keep(page, "widget-offline")
    held = unreachable(page)
    page.context.set_offline(False)  # a page can only be loaded again with a network; ours is not reached yet
    page.reload()
    frame = page.frame_locator("iframe")
    expect(frame.locator(".queued")).to_contain_text("Typed offline", timeout=20_000)
    lost: list[str] = []

    def lose(route: Any) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.request.headers["idempotency-key"])
            route.fetch()  # the server stores it, and its answer never arrives
            route.abort()
        else:
            route.fallback()

    page.context.route("**/api/v1/widget/messages", lose)
    held()
    expect(frame.locator(".queued")).to_have_count(0, timeout=30_000)
    assert len(lost) == 1
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


def listeners(house: House) -> int:
    """How many event streams the product says are open: each keeps somebody present."""
    with urllib.request.urlopen(house.product.run["url"] + "/metrics") as answer:
        found = re.search(r"^tandem_event_streams (\d+)", answer.read().decode(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def test_asking_for_a_person(visit: Callable[..., Page], sign_in: SignIn, house: House) -> None:
    """Nobody is here: the widget says so, takes the words, hands off, and asks where to answer; a person then does."""
    wait_for("the agents of earlier walks to have left", lambda: listeners(house) == 0)
    with Redis.from_url(house.product.run["redis_url"]) as redis:
        redis.delete(*(f"tandem:{sign}:{house.product.run['project_id']}" for sign in ("here", "active")))
    page = visit(width=375)
    frame = chat(page)
    frame.get_by_role("button", name="Ask for a person").click()
    expect(frame.get_by_text("Nobody is here right now")).to_be_visible()
    expect(frame.get_by_label("What is it about?")).to_be_focused()
    keep(page, "widget-ask-person")
    frame.get_by_role("button", name="Hand it to a person").click()
    expect(frame.get_by_text("Write a few words")).to_be_visible()
    frame.get_by_label("What is it about?").fill("My parcel is broken.")
    frame.get_by_role("button", name="Hand it to a person").click()
    expect(frame.get_by_text("A person was asked to answer here")).to_be_visible()
    expect(frame.locator("#messages").get_by_text("My parcel is broken.")).to_be_visible()
    expect(frame.get_by_role("button", name="Ask for a person")).to_have_count(0)
    expect(frame.get_by_label("E-mail address")).to_be_visible()
    keep(page, "widget-person-asked")
    found = page.frames[-1].evaluate(Axe().axe_script + "; axe.run({iframes: false})")
    assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found["violations"]] == []
    module = "performance.getEntriesByType('resource').find((one) => one.name.endsWith('/names.js')).name"
    called = f"async (name) => (await import({module})).firstName(name)"
    names = {
        "Nguyễn Thị Lan": "Lan",
        "Trần Văn Bình": "Bình",
        "Ana López": "Ana",
        "Lê Mai": "Mai",
        "Lê": "Lê",
        "Le Roy": "Le",
    }
    assert {name: page.frames[-1].evaluate(called, name) for name in names} == names
    agent = sign_in(ANA)
    open_conversation(agent, "My parcel is broken.")
    expect(agent.locator("#timeline")).to_contain_text("asked for a person")
    expect(frame.locator("#messages .by-ai")).to_have_count(0)


def test_a_person_by_name_then_a_rating(visit: Callable[..., Page], sign_in: SignIn, house: House) -> None:
    page = visit()
    frame = chat(page)
    write(frame, "I would like a person, please.")
    agent = sign_in(ANA)
    expect(frame.locator("#messages .by-ai")).to_be_visible()
    open_conversation(agent, "Visitor")
    agent.get_by_label("Reply", exact=True).fill("Hello, Ana here.")
    agent.locator("#composer").get_by_role("button", name="Send").click()
    expect(frame.get_by_text("Hello, Ana here.")).to_be_visible()
    expect(frame.get_by_role("heading", name="Ana from Northfold")).to_be_visible()
    expect(frame.get_by_text("Ana joined; the AI has stepped back")).to_be_visible()
    keep(page, "widget-person")
    agent.get_by_label("Status", exact=True).select_option("solved")
    frame.get_by_role("button", name="4", exact=True).click()
    frame.get_by_label("Anything to add?").fill("Kind.")
    keep(page, "widget-rating")
    frame.get_by_role("button", name="Rate", exact=True).click()
    expect(frame.get_by_text("You gave 4 of 5")).to_be_visible()
    expect(agent.locator("#timeline")).to_contain_text("rated it 4 of 5: “Kind.”", timeout=20_000)
    expect(agent.get_by_label("Status", exact=True)).to_have_value("solved")


def test_files_from_both_sides(visit: Callable[..., Page], sign_in: SignIn, house: House, tmp_path: Path) -> None:
    (tmp_path / "shirt.png").write_bytes(picture())
    (tmp_path / "drawing.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
    page = visit()
    frame = chat(page)
    frame.get_by_label("Attach a file").set_input_files([tmp_path / "shirt.png", tmp_path / "drawing.svg"])
    expect(frame.get_by_role("button", name="Remove")).to_have_count(2)
    write(frame, "See the hole?")
    shown = frame.locator("#messages .visitor .picture img")
    expect(shown).to_have_attribute("src", FETCHED, timeout=20_000)
    shown.evaluate("image => image.decode()")
    with page.expect_download() as download:
        frame.get_by_role("button", name="drawing.svg").click()
    assert download.value.suggested_filename == "drawing.svg"
    agent = sign_in(ANA)
    expect(frame.locator("#messages .by-ai")).to_be_visible()
    open_conversation(agent, "Visitor")
    agent.locator("#messages .picture img").first.evaluate("image => image.decode()")
    agent.get_by_label("Attach a file").set_input_files(tmp_path / "shirt.png")
    expect(agent.locator("#attached").get_by_role("button")).to_have_count(1)
    agent.locator("#composer").get_by_role("button", name="Send").click()
    from_us = frame.locator("#messages .by-person .picture img")
    expect(from_us).to_have_attribute("src", FETCHED, timeout=20_000)
    from_us.evaluate("image => image.decode()")
    keep(page, "widget-files")
    keep(agent, "inbox-files")


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
