"""Of a conversation who wrote its last message and why it was handed off, with it: a list need not look for each row's.

Owns these columns, which the acts keep that save a message (inbox/act_parts.py) or hand off. Takes a moment, whatever
is there: where nothing is kept yet, a list looks for it.
"""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

UP = """
-- The author, and an agent's name, are of the message last_said_id, which is another than last_message_id where a
-- process of an earlier release saved one since.
ALTER TABLE conversation
    ADD COLUMN last_said_id bigint,
    ADD COLUMN last_said_by text,
    ADD COLUMN last_said_name text,
    ADD COLUMN handed_off_reason text;

-- A process of an earlier release hands off and gives no reason: what is kept is then of a hand-off before. (Named by
-- its column, so that a statement which does not hand off never reads the condition.)
CREATE FUNCTION handed_off_anew() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE conversation SET handed_off_reason = NULL WHERE id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER handed_off_anew AFTER UPDATE OF responder_state ON conversation FOR EACH ROW
    WHEN (NEW.responder_state = 'handed_off' AND OLD.responder_state <> 'handed_off'
        AND NEW.handed_off_reason = OLD.handed_off_reason)
    EXECUTE FUNCTION handed_off_anew();
"""
DOWN = """
DROP TRIGGER handed_off_anew ON conversation;
DROP FUNCTION handed_off_anew;
ALTER TABLE conversation
    DROP COLUMN last_said_id,
    DROP COLUMN last_said_by,
    DROP COLUMN last_said_name,
    DROP COLUMN handed_off_reason;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
