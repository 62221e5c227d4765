"""notice forms: its tables are being built."""

from __future__ import annotations

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
