"""Days put away on object storage (owner H)."""

from __future__ import annotations

revision = "0052"
down_revision = "0051"


def upgrade() -> None:
    """Change nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
