"""Whether a conversation has moved is asked in the trigger's own words, which the server need not read as SQL each time.

Owns that condition. Takes a moment, whatever is there.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOVED = """
DROP TRIGGER conversation_moved ON conversation;
CREATE TRIGGER conversation_moved AFTER UPDATE OF status, assignee_id, responder_state, left_to_people ON conversation
    FOR EACH ROW WHEN (OLD.status <> NEW.status OR OLD.assignee_id IS DISTINCT FROM NEW.assignee_id OR {had} <> {has})
    EXECUTE FUNCTION conversation_moved();
"""
# As is_wanted has it. A function in SQL would be read anew by every statement that might move a conversation, to see
# whether it can stand in the condition's place: of what a visitor's message costs the server, a fifteenth.
WANTED = "({0}.responder_state = 'handed_off' OR {0}.responder_state = 'active' AND {0}.left_to_people)"
WANTED_BEFORE = "is_wanted({0}.responder_state, {0}.left_to_people)"


def upgrade() -> None:
    op.execute(moved(WANTED))


def downgrade() -> None:
    op.execute(moved(WANTED_BEFORE))


def moved(wanted: str) -> str:
    return MOVED.format(had=wanted.format("OLD"), has=wanted.format("NEW"))
