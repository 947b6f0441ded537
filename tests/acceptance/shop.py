"""A shop on another origin with the widget on its page, and visitors of it.

Owns no test.
"""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.acceptance.conftest import House

SHOP = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1"></head>
<body><main><h1>A shop of somebody else</h1><p>Words.</p><a href="#x">A link</a></main>
<script src="{url}/widget.js" data-project="{key}"{more} async></script></body></html>"""


@dataclass
class Shop:
    """A site on another origin. `home` is where it has the widget from, `more` are further attributes of its tag."""

    address: str
    house: House
    home: str
    more: str = ""

    @property
    def html(self) -> str:
        return SHOP.format(url=self.home, key=self.house.product.run["project_key"], more=self.more)


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
    site = Shop(f"http://localhost:{server.server_address[1]}/", house, house.product.run["url"])
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
