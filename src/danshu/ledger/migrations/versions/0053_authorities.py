"""Who has authority over a field (owner I)."""

from __future__ import annotations

revision = "0053"
down_revision = "0052"


def upgrade() -> None:
    """Change nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
