"""Whether a visitor waits in a conversation that the responder has: asked when a turn ends without having thought.

Owns that question. Must not write. A turn is refused because people had the conversation when it began; no act of
theirs starts a turn beside a live one, so what they gave back meanwhile would wait for ever:
tests/concurrency/test_refusals.py.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from inbox.act_parts import MAY_ANSWER, QUESTIONS

# The conditions are the refusal's (jobs/snapshot.py) turned round, so that refused turns cannot follow each other.
WAITS = text(
    f"""
SELECT EXISTS (
    SELECT 1 FROM conversation c JOIN project p ON p.id = c.project_id
    WHERE c.id = :conversation AND c.responder_state = 'active' AND {MAY_ANSWER.format("c", project="p")}
      AND EXISTS (SELECT 1 FROM {QUESTIONS.format("c.id")}))
"""
)


def is_waited_for(connection: Connection, conversation_id: int) -> bool:
    """Whether there is a question that a turn begun now would answer. Every write that changes that is a version."""
    return bool(connection.execute(WAITS, {"conversation": conversation_id}).scalar_one())
