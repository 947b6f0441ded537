"""What reasons, columns and values are called in sentences for people, and how they say a time.

Owns these names. The sentences that they stand in are the timeline's (inbox/timeline.py) and the pages'.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from inbox.saying import later, said

REASONS = {
    "person_replied": later("a person replied first"),
    "taken_over": later("a person took over"),
    "assigned": later("it was assigned meanwhile"),
    "spam": later("it was marked as spam"),
    "policy": later("the project's rule says so"),
    "responder_off": later("the responder was switched off"),
    "gone": later("the conversation is gone"),
    "stopped": later("it was stopped"),
    "newer_turn": later("a newer turn answers"),
    "model_failed": later("the model failed"),
    "model_timeout": later("the model took too long"),
    "bad_decision": later("the model gave no usable decision"),
    "cycle": later("the workflow went in circles"),
    "spend_cap": later("the spend cap is reached"),
    "attempts": later("it failed too often"),
    "no_answer": later("it had no answer"),
    "asked": later("it was asked to"),
    "visitor_asked": later("the visitor asked for a person"),
}
FIELDS = {
    "assignee_id": later("assignment"),
    "status": later("status"),
    "priority": later("priority"),
    "labels": later("labels"),
    "custom_attributes": later("attributes"),
    "metadata.workflowState": later("workflow position"),
    "note": later("note"),
}
VALUES = {
    "open": later("open"),
    "pending": later("pending"),
    "snoozed": later("snoozed"),
    "solved": later("solved"),
    "spam": later("spam"),
    "low": later("low"),
    "normal": later("normal"),
    "high": later("high"),
    "urgent": later("urgent"),
}


def clock(at: Any) -> str:
    """The time of day of a moment, given as a datetime or in ISO 8601, in UTC."""
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(str(at))
    return moment.strftime("%H:%M:%S")


def reason(code: Any) -> str:
    """Why a turn ended so or a reply is parked, in words."""
    return said(REASONS[str(code)]) if str(code) in REASONS else str(code)


def field_name(field: str) -> str:
    """What a column is called."""
    return said(FIELDS[field]) if field in FIELDS else field


def value(of: Any) -> str:
    """A status or a priority as a sentence has it."""
    return said(VALUES[of]) if isinstance(of, str) and of in VALUES else str(of)
