"""Whoever waits for a person's words needs a person, also where one had it before: the responder is paused, and nobody
answers what the visitor writes then.

Owns the figure and the order of "Needs a person". What is over is no longer passed by in that order: a solved
conversation often ends with the visitor's thanks. Writers wait as long as two indexes of what is open take.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WANTED = "({0}.responder_state = 'handed_off' OR {0}.left_to_people)"
WANTED_BEFORE = "({0}.responder_state = 'handed_off' OR {0}.responder_state = 'active' AND {0}.left_to_people)"
COUNTED = """
CREATE OR REPLACE FUNCTION is_wanted(responder_state text, left_to_people boolean) RETURNS boolean LANGUAGE sql IMMUTABLE
AS $$ SELECT {is_wanted} $$;
DROP TRIGGER conversation_moved ON conversation;
CREATE TRIGGER conversation_moved AFTER UPDATE OF status, assignee_id, responder_state, left_to_people ON conversation
    FOR EACH ROW WHEN (OLD.status <> NEW.status OR OLD.assignee_id IS DISTINCT FROM NEW.assignee_id OR {had} <> {has})
    EXECUTE FUNCTION conversation_moved();

-- Of what is there, for which no trigger has counted.
SELECT add_to_views(c.project_id, wanted => {way}count(*)) FROM conversation c
WHERE is_waiting(c.status) AND c.responder_state = 'paused' AND c.left_to_people GROUP BY c.project_id;
DROP INDEX conversation_wanted;
"""
# Why conversations were handed off is looked for in all that stand so, whatever their status.
UP = """
CREATE INDEX conversation_wanted ON conversation (project_id, active_at DESC, id DESC)
    WHERE status IN ('open', 'pending') AND (responder_state = 'handed_off' OR left_to_people);
CREATE INDEX conversation_handed_off ON conversation (project_id, active_at DESC, id DESC)
    WHERE responder_state = 'handed_off';
"""
DOWN = """
DROP INDEX conversation_handed_off;
CREATE INDEX conversation_wanted ON conversation (project_id, active_at DESC, id DESC)
    WHERE responder_state = 'handed_off' OR responder_state = 'active' AND left_to_people;
"""


def upgrade() -> None:
    op.execute(counted(WANTED, "") + UP)


def downgrade() -> None:
    op.execute(counted(WANTED_BEFORE, "-") + DOWN)


def counted(wanted: str, way: str) -> str:
    of_function = wanted.replace("{0}.", "")
    return COUNTED.format(is_wanted=of_function, had=wanted.format("OLD"), has=wanted.format("NEW"), way=way)
