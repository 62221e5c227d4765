"""Implied requirements. (Owner: part B.)"""

revision = "0062"
down_revision = "0061"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
