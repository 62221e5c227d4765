"""Perceiver services, chains, quotas, costs. (Owner: part H.)"""

revision = "0057"
down_revision = "0056"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
