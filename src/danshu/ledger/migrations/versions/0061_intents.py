"""Versions of the intent graph. (Owner: part G.)"""

revision = "0061"
down_revision = "0060"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
