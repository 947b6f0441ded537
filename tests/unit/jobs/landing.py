"""A turn that comes to land, for the tests of what becomes of it: nothing has happened since its claim."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from jobs.values import Act, Basis, Claimed, Fresh, Policy
from responder.outcome import HandOff, Position, Reply

NOW = datetime(2026, 1, 25, 10, 2, 14, tzinfo=UTC)
CLAIMED = Claimed(turn_id=7, attempt=2, project_id=1, conversation_id=3, claimed_at=NOW, answers=(40, 41))
BASIS = Basis(version=5, epoch=1, workflow_state={"currentNodeId": "ask", "workflowVersion": 1})
FRESH = Fresh(
    version=6,
    epoch=1,
    status="open",
    responder_state="active",
    workflow_state={"currentNodeId": "ask", "workflowVersion": 1},
    newest_question_id=41,
    turn_status="thinking",
    turn_attempt=2,
    acts=(),
    policy=Policy(responder_enabled=True, on_assignment="post"),
    fetched_at=NOW,
)
REPLY = Reply("Your parcel is on its way.", Position("thanks", 1))
HANDOFF = HandOff("model_failed", "A person will answer you.")


def act(kind: str, version: int = 6, **data: Any) -> Act:
    return Act(kind, version, 9, "Ana", f"2026-01-25T10:02:0{version}Z", data)
