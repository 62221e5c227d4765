"""Connectors, their calls and routes (owner D)."""

from __future__ import annotations

revision = "0048"
down_revision = "0047"


def upgrade() -> None:
    """Change nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
