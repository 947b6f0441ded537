"""What requests about a project's own tools may hold, and what answers about them do.

Owns their form. Whether an address may be called and a schema used is the workshop's to say.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from inbox.api.answers import Answer
from inbox.api.fields import Attributes, Body
from inbox.conversation import storable

MOST_DESCRIPTION_CHARACTERS = 1000  # of every prompt that offers the tool
MOST_URL_CHARACTERS = 2000
MOST_SECRET_CHARACTERS = 4096
NO_ARGUMENTS: dict[str, Any] = {"type": "object", "properties": {}}


def _plain(text: str) -> str:
    if not storable(text):
        raise ValueError("holds characters that cannot be stored (NUL or half of a surrogate pair)")
    if not text.strip():
        raise ValueError("is blank")
    return text.strip()


Plain = AfterValidator(_plain)
Name = Annotated[str, Field(min_length=1, max_length=64), Plain]
Description = Annotated[str, Field(min_length=1, max_length=MOST_DESCRIPTION_CHARACTERS), Plain]
Url = Annotated[str, Field(min_length=1, max_length=MOST_URL_CHARACTERS), Plain]
Header = Annotated[str, Field(min_length=1, max_length=100), Plain]
Secret = Annotated[str, Field(min_length=1, max_length=MOST_SECRET_CHARACTERS), Plain]
Host = Annotated[str, Field(min_length=1, max_length=253), Plain]
Method = Literal["GET", "POST"]


class ToolBody(Body):
    """POST tools. `parameters` is a JSON Schema; `header_value` is the secret, which is never told again."""

    name: Name
    description: Description
    url: Url
    method: Method = "POST"
    parameters: Attributes = NO_ARGUMENTS
    header_name: Header | None = None
    header_value: Secret | None = None

    def fields(self) -> dict[str, Any]:
        """Every field."""
        return {name: getattr(self, name) for name in type(self).model_fields}


class ToolChangesBody(Body):
    """PATCH tools/{id}: what is given is set, what is left out stays. A `header_name` of null takes the secret away."""

    name: Name = ""
    description: Description = ""
    url: Url = ""
    method: Method = "POST"
    parameters: Attributes = NO_ARGUMENTS
    header_name: Header | None = None
    header_value: Secret = ""


class ToolTrialBody(Body):
    """POST tools/{id}/try."""

    arguments: Attributes = Field(default_factory=dict)


class ToolHostBody(Body):
    """POST tool-hosts."""

    host: Host


class Tool(Answer):
    """A project's own tool. `has_secret` says that a secret goes with its calls; the secret itself is never told."""

    id: int
    name: str
    description: str
    parameters: dict[str, Any]
    method: Method
    url: str
    header_name: str | None
    has_secret: bool
    version: int
    changed_by: str | None
    created_at: datetime
    updated_at: datetime


class ToolHost(Answer):
    """A host that the project's tools may call."""

    id: int
    host: str
    added_by: str | None
    added_at: datetime
