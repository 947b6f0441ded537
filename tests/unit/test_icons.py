"""Every icon that a page draws is there: one that is not leaves a button empty, and nothing says so."""

from __future__ import annotations

import re
from pathlib import Path

TEMPLATES = Path(__file__).parents[2] / "templates"
USED = re.compile(r"icon\('([a-z-]+)'|href=\"#i-([a-z-]+)\"")


def test_every_icon_is_there() -> None:
    there = set(re.findall(r'id="i-([a-z-]+)"', (TEMPLATES / "parts" / "icons.html").read_text()))
    pages = [path for path in TEMPLATES.rglob("*.html") if "widget" not in path.parts]
    used = {a or b for path in pages for a, b in USED.findall(path.read_text())}
    assert len(used) > 30, "they are found"
    assert used - there == set()
