"""What is asked when an order is paid (owner E)."""

from __future__ import annotations

revision = "0049"
down_revision = "0048"


def upgrade() -> None:
    """Change nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
