"""README and docs say what is there: every variable of the settings, and only commands, files and pages that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click import Group
from flask import Flask

import commands
from inbox.settings import VARIABLES

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
TOP = ("app.py", "commands", "docs", "inbox", "jobs", "responder", "static", "templates", "tests")


def spans(text: str) -> list[str]:
    """What stands as code, each line of a block by itself."""
    return re.findall(r"`([^`\n]+)`", text) + [
        line for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL) for line in block.splitlines()
    ]


def test_every_setting_is_in_the_table() -> None:
    told: set[str] = set()
    for row in re.findall(r"^\| `[A-Z].*", PAGES[0].read_text(), re.MULTILINE):
        names = re.findall(r"`(\w+)\b[^`]*`", row)
        # `TANDEM_RATE_MESSAGES`, `_SESSIONS`: a name that begins with _ stands behind the first one's stem.
        told |= {one for one in VARIABLES for name in names if one == name or _continues(names[0], name, one)}
    assert told == set(VARIABLES)


def _continues(first: str, name: str, variable: str) -> bool:
    stems = {first[: place.start()] for place in re.finditer("_", first)}
    return name.startswith("_") and any(variable == stem + name for stem in stems)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_and_targets_are_there(page: Path) -> None:
    text = page.read_text()
    links = [page.parent / link for link in re.findall(r"\]\((?!https?:)([^)#]+)", text)]
    named = [
        ROOT / word for span in spans(text) for word in span.split() if word.split("/")[0] in TOP and "…" not in word
    ]
    gone = [str(path) for path in [*links, *named] if not Path(str(path).split("::")[0].rstrip(",.")).exists()]
    assert not gone
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    asked = {name for span in spans(text) for name in re.findall(r"^make (\w+)", span)}
    assert asked <= targets


def test_commands_are_there() -> None:
    app = Flask(__name__)
    commands.register(app)
    for span in (span for page in PAGES for span in spans(page.read_text())):
        match = re.match(r"(?:\.venv/bin/)?flask ([a-z ]+)", span)
        found: object = app.cli
        for word in match.group(1).split() if match else ():
            if isinstance(found, Group):
                found = found.commands.get(word)
        assert found is not None, span
        for option in re.findall(r"--[a-z]+", span) if match else ():
            assert any(option in one.opts for one in found.params), span  # type: ignore[attr-defined]  # a Command
