"""The origins on whose pages a project's widget may stand. Pure.

Owns their form: `https://shop.example`, `http://localhost:3000`, or `https://*.shop.example` for every subdomain.
No origins at all means any. Must not know requests.
"""

from __future__ import annotations

import re
from collections.abc import Collection

PART = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
FORM = re.compile(rf"(https?)://(\*\.)?({PART}(?:\.{PART})*)(:[0-9]{{1,5}})?")
LONGEST = 255


def origin(text: str) -> str:
    """The origin as it is stored. Raises ValueError with a sentence for what can be none."""
    plain = text.strip().lower().removesuffix("/")
    if len(plain) > LONGEST or not FORM.fullmatch(plain):
        raise ValueError("is no origin such as https://shop.example or https://*.shop.example")
    return plain


def misread(texts: Collection[str]) -> list[str]:
    """Those that can be none."""
    found = []
    for text in texts:
        try:
            origin(text)
        except ValueError:
            found.append(text)
    return found


def names_of(asking: str) -> list[str]:
    """Everything that may stand in a project's origins and covers this one: itself and the wildcards above it."""
    match = FORM.fullmatch(asking.lower())
    if match is None or match.group(2):
        return []
    scheme, host, port = match.group(1), match.group(3), match.group(4) or ""
    parts = host.split(".")
    wider = [f"{scheme}://*.{'.'.join(parts[place:])}{port}" for place in range(1, len(parts))]
    return [asking.lower(), *wider]


def allows(origins: Collection[str], asking: str) -> bool:
    """Whether a page of this origin may have the widget."""
    return not origins or any(name in origins for name in names_of(asking))


def frame_ancestors(origins: Collection[str]) -> str:
    """The same for a browser, as the policy's `frame-ancestors` says it; our own pages always may."""
    return " ".join(["'self'", *(origins or ["http:", "https:"])])
