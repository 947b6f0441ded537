"""What a file is, judged by its bytes; what a sender says of it counts for its name only. Pure.

Owns the closed set of images that a browser may show in place: raster images, in which nothing can run.
"""

from __future__ import annotations

import re

SHOWN_IN_PLACE = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
UNKNOWN = "application/octet-stream"
MOST_NAME_CHARACTERS = 120
# Each image begins with its own mark, whatever else a file might also be.
MARKS = {
    "image/png": rb"\x89PNG\r\n\x1a\n",
    "image/jpeg": rb"\xff\xd8\xff",
    "image/gif": rb"GIF8[79]a",
    "image/webp": rb"RIFF....WEBP",
}


def type_of(data: bytes) -> str:
    """The media type; text where it can be read as text, else application/octet-stream where nothing is known."""
    for known, mark in MARKS.items():
        if re.match(mark, data, re.DOTALL):
            return known
    import puremagic  # by who takes files in; a worker only deletes them

    try:
        found = puremagic.from_string(data, mime=True)
    except (puremagic.PureError, ValueError):
        found = ""
    if found and found not in SHOWN_IN_PLACE and re.fullmatch(r"[a-z0-9.+-]+/[a-zA-Z0-9.+-]+", found):
        return str(found)
    return "text/plain" if _is_text(data) else UNKNOWN


def plain_name(name: str) -> str:
    """The name without folders and without characters that are none, short enough to show."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(one for one in last if one.isprintable() and one not in '"<>|:*?').strip(". ")
    if len(shown) <= MOST_NAME_CHARACTERS:
        return shown or "file"
    stem, dot, ending = shown.rpartition(".")
    ending = dot + ending if dot and len(ending) <= 10 else ""
    return (stem if ending else shown)[: MOST_NAME_CHARACTERS - len(ending) - 1] + "…" + ending


def _is_text(data: bytes) -> bool:
    try:
        return "\x00" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False
