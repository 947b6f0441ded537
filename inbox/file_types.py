"""What a file is, judged by its bytes; what a sender says of it counts for its name only. Pure.

Owns the closed set of images that a browser may show in place: raster images, in which nothing can run.
"""

from __future__ import annotations

import codecs
import re
from typing import IO

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
LONGEST_MARK_BYTES = 12
PIECE_BYTES = 64 * 1024


def type_of(file: IO[bytes]) -> str:
    """The media type; text where it can be read as text, else application/octet-stream where nothing is known.

    Leaves the file at its begin.
    """
    begin = file.read(LONGEST_MARK_BYTES)
    file.seek(0)
    for known, mark in MARKS.items():
        if re.match(mark, begin, re.DOTALL):
            return known
    import puremagic  # by who takes files in; a worker only deletes them

    try:
        found = puremagic.from_stream(file, mime=True)
    except (puremagic.PureError, ValueError):
        found = ""
    if found and found not in SHOWN_IN_PLACE and re.fullmatch(r"[a-z0-9.+-]+/[a-zA-Z0-9.+-]+", found):
        return str(found)
    file.seek(0)
    is_text = _is_text(file)
    file.seek(0)
    return "text/plain" if is_text else UNKNOWN


def plain_name(name: str) -> str:
    """The name without folders and without characters that are none, short enough to show."""
    last = re.split(r"[/\\]", name)[-1]
    shown = "".join(one for one in last if one.isprintable() and one not in '"<>|:*?').strip(". ")
    if len(shown) <= MOST_NAME_CHARACTERS:
        return shown or "file"
    stem, dot, ending = shown.rpartition(".")
    ending = dot + ending if dot and len(ending) <= 10 else ""
    return (stem if ending else shown)[: MOST_NAME_CHARACTERS - len(ending) - 1] + "…" + ending


def _is_text(file: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := file.read(PIECE_BYTES):
            if "\x00" in decoder.decode(piece):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
