"""The first inbox: projects, people, conversations, turns and the change log.

Owns the shape of the tables at the first release, which is in the SQL files beside it. Must not be edited after that
release, nor may they: a later change is a later migration.
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
