"""findings: its tables are being built."""

from __future__ import annotations

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
