"""What a conversation may become: its closed sets, its limits, its snippet. Pure.

Owns the rules for values. Must not store anything.
"""

from __future__ import annotations

import re
from typing import Literal, get_args

Status = Literal["open", "pending", "snoozed", "solved", "spam"]
Priority = Literal["low", "normal", "high", "urgent"]
ResponderState = Literal["active", "paused", "handed_off"]
TurnStatus = Literal["queued", "thinking", "landed", "parked", "handed_off", "superseded", "cancelled", "failed"]

STATUSES: tuple[Status, ...] = get_args(Status)
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
RESPONDER_STATES: tuple[ResponderState, ...] = get_args(ResponderState)
TURN_STATUSES: tuple[TurnStatus, ...] = get_args(TurnStatus)

SNIPPET_CHARACTERS = 140
MOST_CHARACTERS = 10_000
MOST_LABELS = 50
MOST_LABEL_CHARACTERS = 64
LARGEST_ID = 2**63 - 1
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def snippet_of(content: str) -> str:
    """The content on one line: white space collapsed, cut to 140 characters, the last of them `…` if cut."""
    line = " ".join(content.split())
    return line if len(line) <= SNIPPET_CHARACTERS else line[: SNIPPET_CHARACTERS - 1] + "…"


def storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text: no NUL, no lone surrogate."""
    return UNSTORABLE.search(text) is None
