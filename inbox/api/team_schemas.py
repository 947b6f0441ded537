"""What requests about the team may hold: one model for each body. Unknown fields are refused."""

from __future__ import annotations

from typing import Literal

from inbox.api.schemas import Body, Short


class MemberBody(Body):
    """PATCH members/{id}."""

    role: Literal["agent", "manager"]


class InvitationBody(Body):
    """POST invitations."""

    email: Short
    role: Literal["agent", "manager"] = "agent"
