"""How the API answers: JSON, ETags, and the same answer again for the same Idempotency-Key.

Owns the form of responses. Must not know what they are about.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Response, g, request
from flask.json.provider import DefaultJSONProvider

from inbox import idempotency
from inbox.api import json_body
from inbox.api.asking import services
from inbox.api.paging import cursor_behind
from inbox.idempotency import Asked, once
from inbox.security import Protected
from inbox.services import Writing

Row = Mapping[Any, Any]
ENCODER = json.JSONEncoder(separators=(",", ":"), default=DefaultJSONProvider.default)


def answer(body: Any, status: int = 200, *, version: int | None = None) -> Response:
    """A JSON response, with an ETag where it is one conversation."""
    response = Protected(f"{ENCODER.encode(body)}\n", status, content_type="application/json")
    if version is not None:
        response.headers["ETag"] = f'"{version}"'
    return response


def listed(items: list[Any], next_cursor: str | None) -> Response:
    """A list as SURFACE has it."""
    return answer({"items": items, "next_cursor": next_cursor})


def paged(rows: Sequence[Row], most: int, shown: Callable[[Row], Any], *, by: str = "id") -> Response:
    """A page of a list: the first `most` of rows that were asked for with one more, each as `shown` has it."""
    return listed([shown(row) for row in rows[:most]], cursor_behind(rows, most, by))


def ascending(rows: Sequence[Row], most: int, shown: Callable[[Row], Any]) -> Response:
    """The same of a list that goes up by its ids, whose cursor is the last of them (paging.after)."""
    return listed([shown(row) for row in rows[:most]], str(rows[most - 1]["id"]) if len(rows) > most else None)


def created(
    route: str,
    act: Callable[[Writing], dict[str, Any]],
    *,
    scope: str | None = None,
    shown: Callable[[dict[str, Any]], dict[str, Any]] = lambda made: made,
    together: bool = False,
    digest: bytes | None = None,
) -> Response:
    """201 with what the act made; with an Idempotency-Key the act happens once.

    `act` is one statement, or several that count `together`. It returns what is kept for a repetition; `shown` makes
    the JSON body of that. Scope is the asker's token and the route. `digest` is that of a body that was read already.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        with services().transaction() if together else services().statement() as writing:
            made = act(writing)
        return answer(shown(made), 201)
    came = idempotency.digest_of(json_body.raw()) if digest is None else digest
    place = f"{scope or g.scope}:{route}"
    answered = services().together(
        lambda writing: once(writing.connection, place, key, came, lambda: (201, act(writing)))
    )
    return told(shown(answered.body), answered.status, replayed=answered.replayed)


def asked_once(scope: str) -> Asked | None:
    """The request, where it came with an Idempotency-Key. Raises Invalid for one that cannot be one."""
    key = request.headers.get("Idempotency-Key")
    return None if key is None else idempotency.asked(scope, key, idempotency.digest_of(json_body.raw()))


def told(body: Any, status: int = 201, *, replayed: bool) -> Response:
    """A JSON response, which says so if it is the first request's."""
    response = answer(body, status)
    if replayed:
        response.headers["Idempotency-Replayed"] = "true"
    return response


def seen_versions() -> list[int] | None:
    """The versions of the request's If-Match; None where there is none or it is `*`.

    A weak ETag matches nothing here (RFC 9110, 13.1.1), nor does what is none; but a version without its quotes is what
    people write who read it in a body, and can mean nothing else.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    tags = [re.fullmatch(r'("?)([0-9]{1,18})\1', tag.strip(), re.ASCII) for tag in header.split(",")]
    return [int(tag.group(2)) for tag in tags if tag]
