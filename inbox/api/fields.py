"""What a field of a request may hold: text that can be stored, times with their zone, JSON that jsonb can keep.

Owns these types and their sentences. Which fields a request has is said in schemas.py and its neighbours.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from inbox.conversation import LARGEST_ID, MOST_CHARACTERS, MOST_LABEL_CHARACTERS, storable
from inbox.errors import Invalid
from inbox.mail_address import mail_address

MOST_TITLE_CHARACTERS = 200
DEEPEST = 20
LARGEST_NUMBER = 2**63


class Body(BaseModel):
    """Strict: a number is no string, and what is not known is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def changes(self) -> dict[str, Any]:
        """The given fields; what is left out is to stay."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def _storable(text: str) -> str:
    if not storable(text):
        raise ValueError("holds characters that cannot be stored (NUL or half of a surrogate pair)")
    return text


def not_blank(text: str) -> str:
    """The text as it is. Raises ValueError where there is nothing but space in it."""
    if not text.strip():
        raise ValueError("is blank")
    return text


def _email(text: str) -> str:
    try:
        return mail_address(text)
    except Invalid:
        raise ValueError("is no e-mail address") from None


def _moment(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("is no RFC 3339 time, such as 2026-01-25T10:00:00Z") from None
    if at.tzinfo is None:
        raise ValueError("needs a time zone, such as Z")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise ValueError("is beyond the times that can be stored") from None


def _safe(value: Any) -> Any:
    """JSON that jsonb can hold and people can read: numbers of a size, storable text, no bottomless nesting."""
    check_json(value, DEEPEST)
    return value


def check_json(value: Any, deeper: int) -> None:
    """Raise ValueError for a value that jsonb could not hold, or whose numbers go on for ever."""
    if deeper < 0:
        raise ValueError("is nested too deeply")
    if isinstance(value, str):
        _storable(value)
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("holds a number that is not finite")
    elif isinstance(value, int | float) and abs(value) > LARGEST_NUMBER:
        raise ValueError("holds a number beyond 64 bits")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _storable(key)
            check_json(inner, deeper - 1)
    elif isinstance(value, list):
        for inner in value:
            check_json(inner, deeper - 1)


def moment(text: str) -> datetime | None:
    """The time that the text gives with its zone, or None."""
    try:
        at = _moment(text)
    except ValueError:
        return None
    return at if isinstance(at, datetime) else None


def _one_line(text: str) -> str:
    return " ".join(text.split())


Storable = AfterValidator(_storable)
NotBlank = AfterValidator(not_blank)
Content = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS), Storable, NotBlank]
Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Short = Annotated[str, Field(min_length=1, max_length=320), Storable]
Text = Annotated[str, Field(max_length=MOST_CHARACTERS), Storable]
Label = Annotated[str, Field(min_length=1, max_length=MOST_LABEL_CHARACTERS), Storable, NotBlank]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Attributes = Annotated[dict[str, Any], AfterValidator(_safe)]
Email = Annotated[Short, AfterValidator(_email)]
Title = Annotated[
    str,
    Field(min_length=1, max_length=MOST_TITLE_CHARACTERS),
    Storable,
    NotBlank,
    AfterValidator(_one_line),
]
