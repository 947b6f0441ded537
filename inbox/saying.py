"""A sentence for whoever asks: in their language where a page or the API is asked, else in English.

Owns `said`, `english`, which programs are told, and `later`, which marks a sentence for translators. Must not load the
web's parts: a worker, whom nobody asks, is spared the memory. A web process has inbox/language.py: it knows who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol


class Say(Protocol):
    """Puts a sentence in words: `said` for people, `english` for programs."""

    def __call__(self, text: str, **values: object) -> str: ...


def _nobody_asks(_text: str, _values: Mapping[str, object]) -> str | None:
    return None


# The sentence in the language of whoever asks now, filled; None where nobody does.
translate: Callable[[str, Mapping[str, object]], str | None] = _nobody_asks


def said(text: str, **values: object) -> str:
    """The sentence in the language of whoever asks, with its `%(name)s` filled; English where nobody asks."""
    values = {name: words_of(value) if hasattr(value, "sentence") else value for name, value in values.items()}
    translated = translate(text, values)
    return translated if translated is not None else english(text, **values)


def words_of(fault: object) -> str:
    """A fault in the language of whoever asks: one of responder/faults.py brings the sentence that it was made from."""
    return said(getattr(fault, "sentence", str(fault)), **getattr(fault, "filled", {}))


def english(text: str, **values: object) -> str:
    """The sentence as it is written, with its `%(name)s` filled: what programs are told."""
    return text % values if values else text


def later(text: str) -> str:
    """The text as it is, marked for translators: a constant that `said` or `_()` is given when it is shown."""
    return text
