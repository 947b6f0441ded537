"""What goes with a conversation, a turn or a visitor is found by it: erasing reads no long table from end to end.

Owns these indexes; tests/integration/test_statements.py asks for one behind each key that a deletion follows. Writers
wait as long as an index of the sessions takes.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

UP = """
-- A turn goes only with its conversation, and its entries with them. The key had every turn that goes look through all
-- timelines, and every entry look for its turn; an index would be one more for each entry to write.
ALTER TABLE timeline_event DROP CONSTRAINT timeline_event_turn_id_fkey;
CREATE INDEX visitor_session_conversation ON visitor_session (conversation_id);
CREATE INDEX visitor_session_visitor ON visitor_session (visitor_id);
CREATE INDEX rating_visitor ON rating (visitor_id);
CREATE INDEX mention_conversation ON mention (conversation_id);
CREATE INDEX unsent_text_conversation ON unsent_text (conversation_id);
"""
DOWN = """
DROP INDEX unsent_text_conversation;
DROP INDEX mention_conversation;
DROP INDEX rating_visitor;
DROP INDEX visitor_session_visitor;
DROP INDEX visitor_session_conversation;
ALTER TABLE timeline_event ADD CONSTRAINT timeline_event_turn_id_fkey FOREIGN KEY (turn_id) REFERENCES turn;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
