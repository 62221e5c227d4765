"""Woven capabilities (owner F)."""

from __future__ import annotations

revision = "0050"
down_revision = "0049"


def upgrade() -> None:
    """Change nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
