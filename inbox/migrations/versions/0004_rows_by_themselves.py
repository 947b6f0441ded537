"""Of a conversation who wrote its last message and why it was handed off, with it: a list need not look for each row's.

Owns these columns: the acts that save a message keep the author (inbox/act_parts.py), and the timeline the reason. Takes
a moment, whatever is there: where nothing is kept yet, a list looks for it.
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

CREATE FUNCTION hand_off_told() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE conversation SET handed_off_reason = NEW.data ->> 'reason'
    WHERE id = NEW.conversation_id AND handed_off_reason IS DISTINCT FROM NEW.data ->> 'reason';
    RETURN NULL;
END $$;
CREATE TRIGGER hand_off_told AFTER INSERT ON timeline_event FOR EACH ROW
    WHEN (NEW.kind = 'handed_off') EXECUTE FUNCTION hand_off_told();
"""
DOWN = """
DROP TRIGGER hand_off_told ON timeline_event;
DROP FUNCTION hand_off_told;
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
