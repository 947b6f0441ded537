"""What requests about webhooks, tokens, labels and visitors may hold. Unknown fields are refused.

Owns validation of form, as schemas.py does for the rest.
"""

from __future__ import annotations

from typing import Annotated

import httpx2
from pydantic import AfterValidator, Field

from inbox.access import Scope
from inbox.api.fields import Attributes, Body, Label, Moment, Short, Text, Title
from inbox.founding import LONGEST_NAME
from inbox.label_colours import Colour
from inbox.listed import Sort
from inbox.search import MOST_CHARACTERS
from inbox.views import ViewKey
from inbox.webhooks import KINDS, Kind

LONGEST_URL = 2000


def _address(given: str) -> str:
    try:
        url = httpx2.URL(given)
        host = url.host
    except (httpx2.InvalidURL, UnicodeError, ValueError):
        raise ValueError("is no URL") from None
    if url.scheme not in {"https", "http"} or not host:
        raise ValueError("must begin with https:// or http:// and a host")
    if any(one.isspace() for one in given):
        raise ValueError("must not hold spaces")
    if url.userinfo or url.fragment:
        raise ValueError("must not hold a name, a password or a fragment")
    return given


def _once_each(kinds: list[Kind]) -> list[Kind]:
    return [kind for kind in KINDS if kind in kinds]


Address = Annotated[Text, Field(min_length=1, max_length=LONGEST_URL), AfterValidator(_address)]
Kinds = Annotated[list[Kind], Field(min_length=1, max_length=20), AfterValidator(_once_each)]
Searched = Annotated[Text, Field(max_length=MOST_CHARACTERS)]
Description = Annotated[Text, Field(max_length=200)]


class VisitorChangesBody(Body):
    """PATCH visitors/{id}: what is given is set, what is left out stays."""

    name: Short | None = None
    email: Short | None = None
    custom_attributes: Attributes = Field(default_factory=dict)


class LabelBody(Body):
    """POST labels/remove."""

    name: Label


class ColourBody(LabelBody):
    """PUT labels/colour."""

    colour: Colour | None


class RenameBody(LabelBody):
    """PATCH labels."""

    new_name: Label


class ProjectFoundBody(Body):
    """POST projects."""

    name: Annotated[Short, Field(max_length=LONGEST_NAME)]


class TokenBody(Body):
    """POST tokens."""

    name: Annotated[Short, Field(max_length=100)]
    scope: Scope
    expires_at: Moment | None = None


class WebhookBody(Body):
    """POST webhooks."""

    url: Address
    description: Description = ""
    events: Kinds = Field(default_factory=lambda: list(KINDS))


class WebhookChangesBody(Body):
    """PATCH webhooks/{id}: what is given is set, what is left out stays."""

    url: Address = ""
    description: Description = ""
    events: Kinds = Field(default_factory=list)
    enabled: bool = True


class SavedViewBody(Body):
    """POST saved-views."""

    name: Title
    view: ViewKey = "all"
    search: Searched = ""
    sort: Sort = "newest"
    shared: bool = False


class SavedViewChangesBody(Body):
    """PATCH saved-views/{id}: what is given is set, what is left out stays."""

    name: Title = ""
    view: ViewKey = "all"
    search: Searched = ""
    sort: Sort = "newest"
    shared: bool = False
