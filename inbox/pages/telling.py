"""A sentence of the timeline as a page has it: its times of day are elements that a script shows in the reader's zone.

Owns finding those times. The sentence itself is inbox/timeline.py's, in UTC, as programs read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup, escape

from inbox import representation, timeline, timeline_words

CLOCK = re.compile(r"\b\d\d:\d\d:\d\d\b")
TIME = '<time datetime="{moment}" data-clock="seconds">{clock}</time>'


def told(entry: Mapping[str, Any]) -> Markup:
    """The sentence about an entry, with those of its own moments that it says."""
    moments = {timeline_words.clock(at): at for at in _moments(entry)}

    def element(found: re.Match[str]) -> str:
        at = moments.get(found.group())
        return TIME.format(moment=representation.moment(at), clock=found.group()) if at else found.group()

    return Markup(CLOCK.sub(element, str(escape(timeline.sentence(entry)))))


def _moments(entry: Mapping[str, Any]) -> Iterator[Any]:
    data = entry["data"] or {}
    kept = data.get("kept") or []
    for one in [data, *(kept if isinstance(kept, list) else [kept])]:
        for name in ("landed_at", "at"):
            if one.get(name):
                yield one[name]
    yield entry["at"]
