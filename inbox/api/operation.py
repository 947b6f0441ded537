"""What a route of the API takes, gives and refuses, as the document describes it: the form of one entry.

Owns the form, and the parameters that lists have in common. The entries are in operations.py and its neighbours.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from inbox.conversation import LARGEST_ID
from inbox.errors import InboxError, StaleVersion

Failures = tuple[type[InboxError], ...]
Schema = dict[str, Any]


@dataclass(frozen=True)
class Parameter:
    """One query parameter."""

    name: str
    schema: Schema
    words: str
    example: Any = None


@dataclass(frozen=True)
class Operation:
    """One method of one route.

    `body` is the schema that validates the request, `example` a valid one; `answer` is the model of a success, or
    None where it is no JSON, with its `media` type then. `failures` are those beyond what follows from the rest.
    """

    answer: type[Any] | None = None
    status: int = 200
    body: type[BaseModel] | None = None
    example: Any = None
    query: tuple[Parameter, ...] = ()
    failures: Failures = ()
    etag: bool = False
    if_match: bool = False
    once: bool = False  # takes an Idempotency-Key
    managers: bool = False
    tokens: tuple[str, ...] = ()  # for a route that looks at tokens itself: names of security schemes
    upload: bool = False  # the request's body is a file's bytes
    media: str = "application/json"
    also: dict[int, type[BaseModel]] = field(default_factory=dict)  # further statuses with their own JSON


LIMIT = Parameter("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}, "How many at most.")
CURSOR = Parameter("cursor", {"type": "string"}, "The `next_cursor` of the page before.")
AFTER_SCHEMA: Schema = {"type": "integer", "minimum": 0, "maximum": LARGEST_ID, "default": 0}
AFTER = Parameter("after", AFTER_SCHEMA, "Only what has a higher id.")
AFTER_CURSOR = Parameter("cursor", AFTER_SCHEMA, "The `next_cursor` of the page before.")
ASCENDING, DESCENDING = (AFTER, AFTER_CURSOR, LIMIT), (CURSOR, LIMIT)
# What managers keep is changed, and deleted, only as it was seen.
CHANGED: dict[str, Any] = {"failures": (StaleVersion,), "etag": True, "if_match": True, "managers": True}
DELETED = Operation(None, 204, failures=(StaleVersion,), if_match=True, managers=True)


def several(values: tuple[str, ...]) -> Schema:
    """A list of some of the values."""
    return {"type": "array", "items": {"type": "string", "enum": list(values)}}
