"""after sales: its tables are being built."""

from __future__ import annotations

revision = "0035"
down_revision = "0034"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
