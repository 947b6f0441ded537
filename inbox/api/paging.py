"""Which page of a list a request asks for: how many, behind what.

Owns those parameters and what a cursor looks like. Must not know what is listed.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import request

from inbox.api.fields import check_json
from inbox.conversation import LARGEST_ID
from inbox.errors import Invalid

MOST_LISTED = 200


def limit() -> int:
    """`limit` of a list: 1 to 200, 50 where it is not given."""
    return whole("limit", 50, 1, MOST_LISTED)


def after() -> int:
    """The id after which an ascending list begins; its next_cursor may be sent back as `after` or as `cursor`."""
    return max(whole("after", 0, 0, LARGEST_ID), whole("cursor", 0, 0, LARGEST_ID))


def whole(name: str, default: int, lowest: int, highest: int) -> int:
    """A whole number from the query. Raises Invalid."""
    text = request.args.get(name)
    if text is None:
        return default
    if re.fullmatch(r"[0-9]{1,19}", text, re.ASCII) and lowest <= int(text) <= highest:
        return int(text)
    raise Invalid(f"Not valid: {name}.", fields={name: f"must be a whole number from {lowest} to {highest}"})


def encode_cursor(*parts: Any) -> str:
    """An opaque cursor."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def cursor_behind(rows: Sequence[Mapping[Any, Any]], most: int, by: str = "id") -> str | None:
    """The cursor of the page behind the first `most` of rows that were asked for with one more; None without one."""
    return encode_cursor(rows[most - 1][by]) if len(rows) > most else None


def decode_cursor(*types: type) -> list[Any] | None:
    """The parts of the request's cursor, or None. Raises Invalid for one that was never given out."""
    text = request.args.get("cursor")
    if text is None:
        return None
    try:
        parts = json.loads(base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
        check_json(parts, 2)
    except (ValueError, binascii.Error, RecursionError):
        parts = None
    if isinstance(parts, list) and [type(part) for part in parts] == list(types):
        return parts
    raise unknown_cursor()


def unknown_cursor() -> Invalid:
    """What one is told who sends a cursor that was never given out."""
    return Invalid("Not valid: cursor.", fields={"cursor": "is none that was given out"})


def before_id() -> int | None:
    """The id before which a descending list goes on, from its cursor. Raises Invalid."""
    cursor = decode_cursor(int)
    if cursor is not None and not 0 < cursor[0] <= LARGEST_ID:
        raise unknown_cursor()
    return int(cursor[0]) if cursor else None
