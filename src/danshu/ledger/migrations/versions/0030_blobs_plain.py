"""Blobs are stored as they are: photographs do not shrink, and maps of heads cost more CPU to
compress than all else that is done with them.
"""

from __future__ import annotations

from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """From now on; what is stored stays as it is."""
    op.execute("alter table blobs alter column body set storage external")


def downgrade() -> None:
    """Compress again, where it helps."""
    op.execute("alter table blobs alter column body set storage extended")
