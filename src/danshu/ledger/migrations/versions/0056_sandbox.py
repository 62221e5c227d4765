"""Sandbox counters, reviews, training rows. (Owner: part F.)"""

revision = "0056"
down_revision = "0055"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
