"""What a visitor's chat is answered, and what the project's site needs for it.

Owns the described form, as answers.py does for the rest.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from inbox.api.answers import Answer
from inbox.conversation import Status


class Session(Answer):
    """The visitor's token is told this once."""

    token: str
    conversation_id: int


class WidgetLook(Answer):
    """How a project's widget looks. `brand_ink` is black or white, whichever is better read on `brand`."""

    name: str
    brand: str
    brand_ink: str
    greeting: str
    position: Literal["left", "right"]


class IdentitySecretState(Answer):
    """Whether there is an identity secret; until `previous_until` the one before it is good as well."""

    exists: bool
    made_by: str | None
    created_at: datetime | None
    previous_until: datetime | None


class IdentitySecret(Answer):
    """What the project's site signs identities with. It is told this once."""

    secret: str


class Rating(Answer):
    """What a visitor thought of how they were helped: 1 (not at all) to 5 (very much)."""

    id: int
    conversation_id: int
    score: int
    comment: str
    created_at: datetime


class WidgetConversation(Answer):
    """What a visitor is told of their conversation. `person` is the agent who wrote last; `score` is what they gave it.

    `asks_email` and `asks_rating`: whether to ask for them. `asks_for_person`: whether they may ask for a person now.
    `answering`: whether the responder is at their words. `back_at`: when people answer again, where they are to and
    the team's hours say that they do not now.
    """

    id: int
    status: Status
    answered_by: Literal["ai", "people"]
    answering: bool
    handed_off: bool
    asks_for_person: bool
    person: str | None
    people_here: bool
    back_at: datetime | None
    asks_email: bool
    email: str | None
    asks_rating: bool
    score: int | None


class StreamToken(Answer):
    """A token for an event stream's `?token=`; `expires_in` is in seconds."""

    token: str
    expires_in: int
