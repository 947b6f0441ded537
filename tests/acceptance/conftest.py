"""A real browser in front of the real product, with a model that can be held.

Owns the browser and the product that its walks share.
"""

from __future__ import annotations

import os
import re
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urljoin

import httpx2
import pytest
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from inbox.pages.browser_session import COOKIE
from tests.acceptance.gate import Gate
from tests.model_server import ModelServer
from tests.product import ROOT, Product

SignIn = Callable[..., Page]  # as the fixture sign_in has it
SCREENSHOTS = ROOT / "screenshots"
NOBODY_LOOKS = os.environ.get("CI") == "true"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
NO_BROWSER = (
    "No Chromium was found, so the walks in a browser were left out. Install one (Debian: apt-get install chromium)."
)


@dataclass(frozen=True)
class House:
    """The running product and its model, and the sessions of whoever has signed in."""

    product: Product
    model: ModelServer
    sessions: dict[str, str] = field(default_factory=dict)

    def session(self, email: str) -> str:
        """The session of an agent of the demo, who signs in once: a walk that ends it must sign in by itself."""
        if email not in self.sessions:
            self.sessions[email] = self._signed_in(email)
        return self.sessions[email]

    def _signed_in(self, email: str) -> str:
        with httpx2.Client(base_url=self.product.run["url"]) as browser:
            found = re.search(r'name="csrf_token" value="([^"]+)"', browser.get("/sign-in").text)
            assert found is not None
            form = {"email": email, "password": self.product.run["password"], "csrf_token": found[1]}
            assert browser.post("/sign-in", data=form).status_code == 302
            return browser.cookies[COOKIE]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium, or whichever is there."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        if NOBODY_LOOKS:
            pytest.fail(NO_BROWSER)
        pytest.skip(NO_BROWSER)
    expect.set_options(timeout=20_000)  # several browsers and the whole product on a busy machine
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The product as `make run` starts it, connected to the fake model."""
    with ModelServer() as model:
        environment = {"OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "test", "TANDEM_RATE_LIMITS": "off"}
        product = Product(tmp_path_factory.mktemp("house"), environment).start()
        yield House(product, model)
        model.release()
        product.stop()


@pytest.fixture
def gate(house: House) -> Iterator[Gate]:
    """Where a bad line reaches the product: a page is opened by `gate.url` instead of by the product's own address."""
    with Gate(house.product.run["url"]) as gate:
        yield gate


@pytest.fixture
def open_page(browser: Browser, house: House) -> Iterator[Callable[..., Page]]:
    """Opens a page in a context of its own: another person at another machine. Errors of scripts fail the test."""
    contexts, errors = [], []

    def opened(path: str = "/", *, width: int = 1440, dark: bool = False, session: str = "") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        if session:
            context.add_cookies([{"name": COOKIE, "value": session, "url": house.product.run["url"]}])
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda m: errors.append(f"{m.text} {m.location}") if "Content Security Policy" in m.text else None,
        )
        page.goto(urljoin(house.product.run["url"], path))
        return page

    yield opened
    house.model.release()
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def sign_in(open_page: Callable[..., Page], house: House) -> SignIn:
    """Opens a page as an agent of the demo; test_team.py walks through the door itself."""

    def signed_in(email: str | None = None, path: str = "/", *, width: int = 1440, dark: bool = False) -> Page:
        session = house.session(email or house.product.run["email"])
        return open_page(path, width=width, dark=dark, session=session)

    return signed_in


@pytest.fixture
def visitor(open_page: Callable[..., Page], house: House) -> Page:
    """The visitor page of the demo."""
    return open_page(f"/visit/{house.product.run['project_key']}")


def keep(page: Page, name: str) -> None:
    """Keep a screenshot for whoever wants to look; a browser that cannot draw one now fails no walk."""
    if NOBODY_LOOKS:
        return
    SCREENSHOTS.mkdir(exist_ok=True)
    try:
        page.screenshot(path=SCREENSHOTS / f"{name}.png")
    except Error as error:
        warnings.warn(f"No screenshot of {name}: {error.message}", stacklevel=2)
