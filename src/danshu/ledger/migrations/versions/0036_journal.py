"""journal: its tables are being built."""

from __future__ import annotations

revision = "0036"
down_revision = "0035"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
