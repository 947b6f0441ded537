"""What requests about the team may hold: one model for each body. Unknown fields are refused."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from inbox.account import time_zones
from inbox.api.fields import Body, Short
from inbox.hours import DAYS, MOST_SPANS, Hours, fits

MOST_HOLIDAYS = 100


class MemberBody(Body):
    """PATCH members/{id}."""

    role: Literal["agent", "manager"]


class InvitationBody(Body):
    """POST invitations."""

    email: Short
    role: Literal["agent", "manager"] = "agent"


def _a_day(text: Any) -> Any:
    try:
        return date.fromisoformat(text) if isinstance(text, str) else text
    except ValueError:
        raise ValueError("is no date, such as 2026-12-25") from None


def _a_zone(text: str) -> str:
    if text not in time_zones():
        raise ValueError("is no time zone, such as Asia/Ho_Chi_Minh")
    return text


def _a_week(week: dict[str, list[str]]) -> dict[str, list[str]]:
    for day, spans in week.items():
        if day not in DAYS:
            raise ValueError("names days as monday to sunday")
        if not fits(spans):
            raise ValueError(f"needs for {day} at most {MOST_SPANS} spans such as 09:00-17:30 that do not overlap")
    return {day: sorted(spans) for day, spans in week.items() if spans}


class HoursBody(Body):
    """PUT working-hours: all of them."""

    enabled: bool = True
    time_zone: Annotated[str, AfterValidator(_a_zone)]
    week: Annotated[dict[str, list[str]], AfterValidator(_a_week)]
    holidays: Annotated[list[Annotated[date, BeforeValidator(_a_day)]], Field(max_length=MOST_HOLIDAYS)] = Field(
        default_factory=list
    )

    def hours(self) -> Hours:
        """The hours without the word on whether they count."""
        return Hours(self.time_zone, self.week, frozenset(self.holidays))
