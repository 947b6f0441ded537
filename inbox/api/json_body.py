"""The bytes of a request's body as JSON, whatever the JSON then says.

Owns reading them. What a body may hold is for asking.py and the schemas to say.
"""

from __future__ import annotations

import json
from typing import Any

from flask import request

from inbox.errors import BadJson, NotJson, TooLarge


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


JSON = json.JSONDecoder(parse_constant=_no_constant)


def came() -> Any:
    """The JSON of the request's body, {} where it has none. Raises NotJson, BadJson or TooLarge."""
    raw = _raw()
    if raw and not request.is_json:
        raise NotJson("Send JSON with `Content-Type: application/json`.")
    try:
        return JSON.decode(raw.decode("utf-8")) if raw else {}
    except (ValueError, RecursionError):
        raise BadJson("The body is no valid JSON.") from None


def _raw() -> bytes:
    """The body. Raises TooLarge also for one that comes in chunks, which the framework would cut off at the limit."""
    if request.content_length is not None:
        return request.get_data()
    most = request.max_content_length
    if most is not None:
        request.max_content_length = most + 1
    raw = request.get_data()
    if most is not None and len(raw) > most:
        raise TooLarge("The request is larger than 256 KiB.")
    return raw
