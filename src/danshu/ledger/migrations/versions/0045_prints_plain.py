"""Prints are hashes and ids, which nothing makes smaller: they are kept as they are."""

from __future__ import annotations

from alembic import op

revision = "0045"
down_revision = "0044"


def upgrade() -> None:
    """Keep what comes from now on without trying to compress it."""
    op.execute(
        "alter table sentinel_prints alter column keys set storage external,"
        " alter column ids set storage external"
    )


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
