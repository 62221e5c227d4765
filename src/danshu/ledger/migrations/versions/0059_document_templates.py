"""Templates of documents. (Owner: part D.)"""

revision = "0059"
down_revision = "0058"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
