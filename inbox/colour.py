"""Whether words can be read on a colour. Pure.

Owns the contrast of WCAG 2.2. Black or white is always readable: the better of the two has at least 4.58 to 1.
"""

from __future__ import annotations

WHITE, BLACK = "#ffffff", "#000000"


def contrast(one: str, other: str) -> float:
    """From 1 (the same) to 21 (black on white), for two colours such as #24453a."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def ink_on(ground: str) -> str:
    """Black or white, whichever is better read on this ground."""
    return max((WHITE, BLACK), key=lambda ink: contrast(ink, ground))


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
