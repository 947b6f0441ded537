"""Real customers' words from a file: what `flask replay` plays.

Owns reading the two forms. Must not play anything.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inbox.conversation import MOST_CHARACTERS, storable

DATA = Path(__file__).resolve().parent / "demo_data"
LABELS = ("category", "label", "intent")  # what the column of the right answers may be called
LONGEST_NAME = 320  # characters, as of any visitor
SHIPPED = (DATA / "abcd" / "dialogues.json", DATA / "banking77" / "questions.csv")


class BadFile(Exception):
    """One sentence about a file that holds no customers."""


@dataclass(frozen=True)
class Customer:
    """One visitor: their name, if it is known, and their lines in order."""

    name: str | None
    lines: tuple[str, ...]


def read_customers(path: Path | None, limit: int | None = None) -> list[Customer]:
    """The customers of a CSV (header with `text`) or of ABCD's JSON; of the shipped samples without a path.

    Raises BadFile.
    """
    files = [path] if path is not None else list(SHIPPED)
    customers = [customer for one in files for customer in _read(one) if customer.lines]
    if not customers:
        raise BadFile(f"{path} holds no customer.")
    return customers[:limit]


def _read(path: Path) -> Iterator[Customer]:
    text = _text_of(path)
    if text.lstrip().startswith(("[", "{")):
        yield from _dialogues(path, text)
        return
    columns, rows = _table(path, text)
    if "text" not in columns:
        raise BadFile(f"{path} is neither JSON nor a CSV whose header has the column `text`.")
    for row in rows:
        yield Customer(None, _lines([row["text"]]))


def read_labelled(path: Path, limit: int | None = None) -> list[tuple[str, str]]:
    """(question, label) of each row of a CSV whose header has `text` and one of LABELS. Raises BadFile."""
    columns, rows = _table(path, _text_of(path))
    label = next((name for name in LABELS if name in columns), None)
    if "text" not in columns or label is None:
        raise BadFile(f"{path} is no CSV whose header has the columns `text` and `{'` or `'.join(LABELS)}`.")
    found = [(lines[0], str(row[label]).strip()) for row in rows if (lines := _lines([row["text"]])) and row[label]]
    if not found:
        raise BadFile(f"{path} holds no labelled question.")
    return found[:limit]


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"{path} cannot be read: {error}") from None


def _table(path: Path, text: str) -> tuple[Sequence[str], list[dict[str, Any]]]:
    """The columns of a CSV, and its rows."""
    reader = csv.DictReader(io.StringIO(text))
    try:
        return reader.fieldnames or (), list(reader)
    except csv.Error as error:
        raise BadFile(f"{path} is no CSV: {error}") from None


def _dialogues(path: Path, text: str) -> Iterator[Customer]:
    try:
        for dialogue in _listed(json.loads(text)):
            lines = [words for speaker, words in dialogue["original"] if speaker == "customer"]
            yield Customer(_name(dialogue), _lines(lines))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadFile(f"{path} is no JSON in ABCD's form: a list of objects with `original`.") from None


def _listed(found: Any) -> list[Any]:
    """The dialogues of a list, of a file that holds one, or of all parts of ABCD's own (train, dev, test)."""
    if isinstance(found, list):
        return found
    return [found] if "original" in found else [dialogue for part in found.values() for dialogue in part]


def _name(dialogue: dict[str, Any]) -> str | None:
    personal = dialogue.get("scenario", {}).get("personal", {})
    name = personal.get("customer_name")
    return str(name).title()[:LONGEST_NAME] if name and storable(str(name)) else None


def _lines(words: list[Any]) -> tuple[str, ...]:
    kept = (str(one)[:MOST_CHARACTERS] for one in words if one)
    return tuple(one for one in kept if one.strip() and storable(one))
