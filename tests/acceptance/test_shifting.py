"""What comes by itself moves nothing that somebody reads: a row, a message, the responder's turn and reply."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import House
from tests.acceptance.shifting import WATCH, shifts
from tests.acceptance.walking import ANA, ask, hold_after


@pytest.mark.parametrize("width", [1440, 375])
def test_nothing_moves_by_itself(sign_in: Callable[..., Page], visitor: Page, house: House, width: int) -> None:
    """In all of a conversation's first minutes: its row comes, it is opened, the AI thinks, writes and answers."""
    page = sign_in(ANA, "/#list", width=width)
    page.add_init_script(WATCH)
    page.reload()
    waiting = hold_after(house, 1)
    ask(visitor, "Where is my order 3348917502?")
    house.model.wait_until_asked(waiting)
    expect(page.locator("#rows li").first).to_contain_text("Where is my order")
    assert shifts(page) == []
    page.locator("#rows a.row").first.click()
    expect(page.locator("#run .run")).to_be_visible()
    house.model.release()
    expect(page.locator("#messages").get_by_text("Your parcel is on its way.")).to_be_visible()
    expect(page.locator("#run .run")).to_have_count(0)
    waiting = hold_after(house, 1)
    ask(visitor, "And the other one?")
    expect(page.locator("#messages").get_by_text("And the other one?")).to_be_visible()
    house.model.wait_until_asked(waiting)
    expect(page.locator("#run .run")).to_be_visible()
    house.model.release()
    expect(page.locator("#messages").get_by_text("Your parcel is on its way.")).to_have_count(2)
    assert shifts(page) == []
