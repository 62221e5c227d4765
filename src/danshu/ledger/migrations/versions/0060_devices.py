"""Devices, their waves, repairs. (Owner: part E.)"""

revision = "0060"
down_revision = "0059"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
