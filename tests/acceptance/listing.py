"""What walks through the list do: a visitor comes, somebody looks at a row, chooses some, reads a figure.

Owns no test.
"""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.acceptance.conftest import House


def come(house: House, name: str, words: str) -> int:
    """A visitor who writes; returns the conversation."""
    run = house.product.run
    made = call(house, "widget/sessions", {"project_key": run["project_key"], "visitor": {"name": name}})
    call(house, "widget/messages", {"content": words}, made["token"])
    return int(made["conversation_id"])


def call(house: House, path: str, body: dict[str, Any], token: str = "") -> dict[str, Any]:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    request = urllib.request.Request(f"{house.product.run['url']}/api/v1/{path}", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as response:
        answer: dict[str, Any] = json.load(response)
    return answer


def row(page: Page, number: int) -> Any:
    return page.locator(f"#row-{number}")


def look_at(page: Page, number: int) -> None:
    """Open a conversation and wait until its scripts are there."""
    row(page, number).locator("a.row").click()
    page.wait_for_url(f"**/conversations/{number}**")
    page.wait_for_load_state("load")


def figure(page: Page, name: str) -> Any:
    return page.locator("#views a").filter(has_text=name).locator(".count")


def pick(page: Page, *numbers: int) -> None:
    for number in numbers:
        row(page, number).locator(".pick input").check(force=True)


def faults(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
