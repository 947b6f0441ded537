"""Which conversations wait for a person although the responder has them: it was stopped, say, or leaves them to people.

Owns the mark on a conversation, and the figure and the order of "Needs a person" that go by it. What was there is looked
at once. A stop of writes takes as long as an index of what is open.
"""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).parent / "0003"


def upgrade() -> None:
    op.execute((FOLDER / "up.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute((FOLDER / "down.sql").read_text(encoding="utf-8"))
