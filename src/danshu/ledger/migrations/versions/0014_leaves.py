"""Leaf hashes beside the facts: whoever wrote them hashed them for their chain already."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the column; older rows have none, and are hashed when they are sequenced."""
    op.execute("alter table facts add column leaves bytea")


def downgrade() -> None:
    """Drop the column."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
