"""Subscriptions to published events (owner B)."""

from __future__ import annotations

revision = "0046"
down_revision = "0045"


def upgrade() -> None:
    """Change nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
