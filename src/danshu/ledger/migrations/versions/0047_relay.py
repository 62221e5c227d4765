"""The relay to a bus, and events that come in (owners A, C)."""

from __future__ import annotations

revision = "0047"
down_revision = "0046"


def upgrade() -> None:
    """Change nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
