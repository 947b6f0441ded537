"""What people do on many walks: ask, open the newest conversation, sit before one in twos.

Owns no test.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import House, SignIn

BEN, ANA = "ben@northfold.example", "ana@northfold.example"


def ask(visitor: Page, words: str) -> None:
    """Write it, until the server has it: what is still being sent is shown as well, and nobody else sees that."""
    visitor.get_by_label("Message").fill(words)
    visitor.get_by_role("button", name="Send").click()
    sent = visitor.locator("#messages .visitor[data-message]").filter(has=visitor.get_by_text(words, exact=True))
    expect(sent.first).to_be_visible()


def open_newest(page: Page) -> None:
    """Open the conversation that began last. The list's first is another, where a turn of an earlier walk ends now."""
    numbers = page.locator("#rows li[data-active]").evaluate_all("all => all.map((one) => Number(one.id.slice(4)))")
    page.locator(f"#row-{max(numbers)} a.row").click()
    expect(page.get_by_label("Reply")).to_be_visible()
    page.wait_for_load_state()  # its scripts are there, as they are before a person's hand is


def hold_after(house: House, calls: int) -> int:
    """Hold the model from now on; returns how often it had been asked."""
    asked = len(house.model.asked)
    house.model.hold()
    return asked + calls


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
