"""Since when a visitor waits, and the order of a list by it: who has waited longest first.

Owns that column, its index and a saved view's order. Who waits already has waited since the last word. Writers wait as
long as an index of what is open takes.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

UP = """
ALTER TABLE conversation ADD COLUMN waiting_since timestamptz;
CREATE INDEX conversation_longest ON conversation (project_id, COALESCE(waiting_since, active_at), id)
    WHERE status IN ('open', 'pending') AND (responder_state = 'handed_off' OR left_to_people);
ALTER TABLE saved_view ADD COLUMN sort text NOT NULL DEFAULT 'newest' CHECK (sort IN ('newest', 'waiting'));
"""
DOWN = """
ALTER TABLE saved_view DROP COLUMN sort;
DROP INDEX conversation_longest;
ALTER TABLE conversation DROP COLUMN waiting_since;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
