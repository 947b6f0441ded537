"""What somebody types into the search field: words, and operators such as `status:open`. Pure.

Owns the language of searches. Must not raise for anything that may be typed: an operator that makes no sense is words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from inbox.conversation import PRIORITIES, STATUSES

MOST_CHARACTERS = 200
MOST_TERMS = 12  # each is one more condition
# What separates words: all of ASCII that is no letter or digit. The index of messages (migration 0001) has it alike, so
# that an order number is found with and without what is written before it.
SEPARATORS = "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum())
SPACES = str.maketrans(SEPARATORS, " " * len(SEPARATORS))
PARTICULAR = ("status", "priority", "before")  # operators that do not take just anything
SHORTEST_TRIGRAM = 3  # a trigram index finds nothing shorter in the middle of a name
PART = re.compile(r'(\w+):"([^"]*)"|(\w+):(\S+)|"([^"]+)"|(\S+)')


@dataclass(frozen=True)
class Search:
    """What is looked for. Each tuple is "one of these", but `terms` and `labels`: all of these."""

    terms: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    priorities: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    before: date | None = None


NOTHING = Search()


def parse(typed: str | None) -> Search:
    """The search that somebody typed."""
    found = NOTHING
    for match in list(PART.finditer((typed or "")[:MOST_CHARACTERS]))[:MOST_TERMS]:
        name = match.group(1) or match.group(3)
        value = match.group(2) if match.group(1) else match.group(4)
        known = _with(found, name.lower(), value) if name and value else None
        found = known or replace(found, terms=(*found.terms, match.group(5) or match.group(0)))
    return found


def misread(found: Search) -> tuple[str, ...]:
    """The words that were meant as operators, but say what these do not take."""
    return tuple(term for term in found.terms if term.partition(":")[0].lower() in PARTICULAR and ":" in term)


def _with(found: Search, name: str, value: str) -> Search | None:
    """The search with one operator more, or None where it is none."""
    closed = {"status": ("statuses", STATUSES), "priority": ("priorities", PRIORITIES)}
    opened = {"from": "senders", "assignee": "assignees", "label": "labels", "reason": "reasons"}
    if name == "before":
        day = _day(value)
        return replace(found, before=day) if day else None
    if name in opened:
        return _also(found, opened[name], value)
    field, values = closed.get(name, ("", ()))
    return _also(found, field, value.lower()) if value.lower() in values else None


def _also(found: Search, field: str, value: str) -> Search:
    more: dict[str, Any] = {field: (*getattr(found, field), value)}
    return replace(found, **more)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def like(words: str) -> str:
    """The words as a pattern in which none of their characters is a wildcard."""
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def name_pattern(term: str) -> str:
    """Where in a name or an address the term must be: anywhere, but a short one at the beginning."""
    return f"%{like(term)}%" if len(term) >= SHORTEST_TRIGRAM else f"{like(term)}%"


def text_query(terms: tuple[str, ...]) -> str:
    """The terms for to_tsquery: every one, each as the beginning of words; no character of them is left as syntax."""
    return " & ".join(f"'{term.translate(SPACES)}':*" for term in terms)


def words_in(terms: tuple[str, ...]) -> list[str]:
    """The words that the terms are taken apart into, each once."""
    return list(dict.fromkeys(" ".join(terms).translate(SPACES).split()))


def is_word(term: str) -> bool:
    """Whether the text search alone finds what was typed; else the message must also hold it letter by letter."""
    return re.fullmatch(r"[^\W_]+", term) is not None
