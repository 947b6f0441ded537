"""Which conversations have a priority, in a table of its own, so that a search for one need not read all of them.

Owns that table and what keeps it. Writers wait while all conversations are read once: a second for a million.
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

UP = """
-- Which conversations have another priority than normal. Beside them, for with an index of its priority a conversation
-- that gets one would be written to each of its other indexes as well.
CREATE TABLE conversation_priority (
    project_id bigint NOT NULL,
    priority text NOT NULL,
    conversation_id bigint NOT NULL,
    PRIMARY KEY (project_id, priority, conversation_id)
);
CREATE FUNCTION priority_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.priority <> 'normal' THEN
        DELETE FROM conversation_priority p
        WHERE p.project_id = OLD.project_id AND p.priority = OLD.priority AND p.conversation_id = OLD.id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.priority <> 'normal' THEN
        INSERT INTO conversation_priority (project_id, priority, conversation_id)
        VALUES (NEW.project_id, NEW.priority, NEW.id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER priority_comes AFTER INSERT ON conversation FOR EACH ROW
    WHEN (NEW.priority <> 'normal') EXECUTE FUNCTION priority_moved();
CREATE TRIGGER priority_moved AFTER UPDATE OF priority ON conversation FOR EACH ROW
    WHEN (OLD.priority <> NEW.priority) EXECUTE FUNCTION priority_moved();
CREATE TRIGGER priority_gone AFTER DELETE ON conversation FOR EACH ROW
    WHEN (OLD.priority <> 'normal') EXECUTE FUNCTION priority_moved();

-- With the triggers there nobody writes meanwhile.
INSERT INTO conversation_priority (project_id, priority, conversation_id)
SELECT project_id, priority, id FROM conversation WHERE priority <> 'normal';
ANALYZE conversation_priority;
"""
DOWN = """
DROP TRIGGER priority_comes ON conversation;
DROP TRIGGER priority_moved ON conversation;
DROP TRIGGER priority_gone ON conversation;
DROP FUNCTION priority_moved;
DROP TABLE conversation_priority;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
