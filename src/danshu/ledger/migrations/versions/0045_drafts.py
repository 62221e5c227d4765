"""Part H: nothing yet."""

from __future__ import annotations

from alembic import op

revision = "0045"
down_revision = "0044"

TABLES = ""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
