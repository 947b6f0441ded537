"""How many tokens a text is about: what a budget and an estimate go by before a server has counted.

Owns the estimate. A tokenizer would be exact for one model and wrong for all others; four bytes of UTF-8 to a token is
near enough for English and errs towards more for scripts that take more.
"""

from __future__ import annotations

BYTES_PER_TOKEN = 4


def estimated(text: str) -> int:
    """About so many tokens, rounded up."""
    return (len(text.encode("utf-8", "replace")) + BYTES_PER_TOKEN - 1) // BYTES_PER_TOKEN


def cut(text: str, tokens: int) -> str:
    """The beginning of the text that is about so many tokens, whole characters only."""
    return text.encode("utf-8", "replace")[: tokens * BYTES_PER_TOKEN].decode("utf-8", "ignore")
