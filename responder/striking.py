"""Striking a secret out of a text: the last door before an answer of a tool is stored, shown or told to a model.

Owns the forms in which a server may say a secret back. Pure.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

STRUCK = "•••"
SHORTEST_PART = 6  # characters: what stands behind “Bearer”; shorter parts are words that mean nothing


def struck_out(text: str, secret: str) -> str:
    """The text without the secret, whole or behind its scheme, plain or encoded."""
    forms = {form for part in _parts(secret) for form in _forms(part)}
    for form in sorted(forms, key=len, reverse=True):  # the longest first, or its rest would stay
        text = text.replace(form, STRUCK)
    return text


def _parts(secret: str) -> Iterator[str]:
    yield secret
    yield from (part for part in secret.split() if len(part) >= SHORTEST_PART)


def _forms(part: str) -> Iterator[str]:
    yield part
    yield json.dumps(part)[1:-1]
    yield json.dumps(part)[1:-1].replace("/", "\\/")  # as some servers write JSON
    yield from (quote(part), quote(part, safe=""), quote_plus(part))
    yield base64.b64encode(part.encode()).decode()
