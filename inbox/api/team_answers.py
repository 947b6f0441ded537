"""What answers about running a team hold.

Owns the described form, as answers.py does for the rest.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from inbox.api.answers import Answer, Named


class Member(Answer):
    """A member of the project. `seen_at`: when they last looked at a page here, to the minute."""

    id: int
    name: str
    email: str
    role: Literal["agent", "manager"]
    second_factor: bool
    joined_at: datetime
    seen_at: datetime | None


class Invitation(Answer):
    """An open invitation."""

    id: int
    email: str
    role: Literal["agent", "manager"]
    invited_by: str
    created_at: datetime
    expires_at: datetime


class InvitationMade(Invitation):
    """The link is told this once: hand it to whom you invited."""

    link: str


class WorkingHours(Answer):
    """When people answer. `opens_at`: when they answer again, where they do not now."""

    enabled: bool
    time_zone: str
    week: dict[str, list[str]]
    holidays: list[date]
    open_now: bool
    opens_at: datetime | None


class Availability(Answer):
    """`back_at` is null while somebody is there, and where the team has no hours."""

    people_here: bool
    back_at: datetime | None


class AuditEntry(Answer):
    """Who did what to the project itself. More kinds may come."""

    id: int
    kind: str
    subject: str
    data: dict[str, Any]
    at: datetime
    actor: Named | None
