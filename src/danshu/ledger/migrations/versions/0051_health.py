"""Health: windows, thresholds, what burned (owner G)."""

from __future__ import annotations

revision = "0051"
down_revision = "0050"


def upgrade() -> None:
    """Change nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
