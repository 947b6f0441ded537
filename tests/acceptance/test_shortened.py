"""What a browser reads in scripts and styles that are sent shortened is what is in the files."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page
from rcssmin import cssmin
from rjsmin import jsmin

from tests.product import ROOT

SCRIPTS = sorted((ROOT / "static" / "js").rglob("*.js"))
STYLES = sorted((ROOT / "static" / "css").rglob("*.css"))
RULES = """
words => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(words);
    return Array.from(sheet.cssRules, rule => rule.cssText);
}"""
# What a script imports is not there, which is said once it has been read; what cannot be read is said before.
FAULT = """
async words => {
    try {
        await import(URL.createObjectURL(new Blob([words], {type: "text/javascript"})));
    } catch (error) {
        return `${error}`;
    }
}"""


@pytest.fixture
def read(browser: Any) -> Any:
    page: Page = browser.new_page()
    yield page.evaluate
    page.close()


def test_styles_are_the_same(read: Any) -> None:
    for path in STYLES:
        whole = path.read_text()
        rules = read(RULES, whole)
        assert rules, "and there are some"
        assert closed_up(read(RULES, str(cssmin(whole)))) == closed_up(rules), path.name


def closed_up(rules: list[str]) -> list[str]:
    """Without the space behind commas, which a variable's words keep."""
    return [re.sub(r",\s+", ",", rule) for rule in rules]


def test_scripts_can_be_read(read: Any) -> None:
    faults = {path.name: read(FAULT, str(jsmin(path.read_text()))) or "" for path in SCRIPTS}
    assert {name: fault for name, fault in faults.items() if "SyntaxError" in fault} == {}


def test_no_template_stands_in_another() -> None:
    """rjsmin would take the inner one's words for a script's, and close them up."""
    assert [path.name for path in SCRIPTS if re.search(r"\$\{[^{}`]*`", path.read_text())] == []


def test_a_script_that_cannot_be_read_is_told_so(read: Any) -> None:
    assert "SyntaxError" in read(FAULT, 'import { a } from "./b.js"; let = ;')
