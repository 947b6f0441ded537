"""The first inbox: projects, people, conversations, turns and the change log.

Owns the first shape of the tables, which is in the SQL files beside it. Must not be edited, nor may they, for there are
databases of it: a later change is a later migration. tests/unit/inbox/test_frozen_migrations.py holds it.
"""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

FOLDER = Path(__file__).parent / "0001"
# A table stands behind those that it refers to.
AREAS = (
    "team",
    "visitors",
    "conversations",
    "messages",
    "timeline",
    "files",
    "lists",
    "change_log",
    "answers",
    "webhooks",
    "counting",
    "searching",
)


def upgrade() -> None:
    for area in AREAS:
        op.execute((FOLDER / f"{area}.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute((FOLDER / "drop.sql").read_text(encoding="utf-8"))
