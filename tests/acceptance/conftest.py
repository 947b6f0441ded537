"""A real browser in front of the real product, with a model that can be held.

Owns the browser and the product that its walks share.
"""

from __future__ import annotations

import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Error, Page, sync_playwright

from tests.model_server import ModelServer
from tests.product import ROOT, Product

SCREENSHOTS = ROOT / "screenshots"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
NO_BROWSER = (
    "No Chromium was found, so the walks in a browser were left out. Install one (Debian: apt-get install chromium)."
)


@dataclass(frozen=True)
class House:
    """The running product and its model."""

    product: Product
    model: ModelServer


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's chromium, or whichever is there."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(NO_BROWSER)
        pytest.skip(NO_BROWSER)
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
def open_page(browser: Browser, house: House) -> Iterator[Callable[..., Page]]:
    """Opens a page in a context of its own: another person at another machine. Errors of scripts fail the test."""
    contexts, errors = [], []

    def opened(path: str = "/", *, width: int = 1440, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda m: errors.append(f"{m.text} {m.location}") if "Content Security Policy" in m.text else None,
        )
        page.goto(house.product.run["url"] + path)
        return page

    yield opened
    house.model.release()
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def sign_in(open_page: Callable[..., Page], house: House) -> Callable[..., Page]:
    """Signs an agent of the demo in and opens a page."""

    def signed_in(email: str | None = None, path: str = "/", *, width: int = 1440, dark: bool = False) -> Page:
        page = open_page("/sign-in", width=width, dark=dark)
        page.get_by_label("Email").fill(email or house.product.run["email"])
        page.get_by_label("Password").fill(house.product.run["password"])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")
        if path != "/":
            page.goto(house.product.run["url"] + path)
        return page

    return signed_in


@pytest.fixture
def visitor(open_page: Callable[..., Page], house: House) -> Page:
    """The visitor page of the demo."""
    return open_page(f"/visit/{house.product.run['project_key']}")


def keep(page: Page, name: str) -> None:
    """Keep a screenshot for whoever wants to look; a browser that cannot draw one now fails no walk."""
    SCREENSHOTS.mkdir(exist_ok=True)
    try:
        page.screenshot(path=SCREENSHOTS / f"{name}.png")
    except Error as error:
        warnings.warn(f"No screenshot of {name}: {error.message}", stacklevel=2)
