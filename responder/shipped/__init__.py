"""The workflows that come with Tandem, each a file of this folder: a start for a team's own.

Owns finding and reading them. Their words are ours; the rules behind them follow the agent guidelines of ABCD
(commands/demo_data/NOTICE.md). tests/unit/responder/test_shipped.py replays customers through each.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Shipped:
    """One workflow: its file's name without the ending, what people call it, and what it does in a sentence."""

    name: str
    title: str
    about: str


@cache
def shipped() -> tuple[Shipped, ...]:
    """All of them, by name."""
    return tuple(
        Shipped(path.stem, str(definition["title"]), str(definition["about"]))
        for path in sorted(FOLDER.glob("*.json"))
        for definition in (json.loads(path.read_text(encoding="utf-8")),)
    )


def definition_of(name: str) -> dict[str, Any] | None:
    """The workflow's JSON, or None where none of this name is shipped."""
    if name not in {one.name for one in shipped()}:
        return None
    definition: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return definition
