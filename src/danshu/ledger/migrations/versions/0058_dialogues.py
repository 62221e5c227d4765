"""Dialogues and calls by telephone. (Owner: part C.)"""

revision = "0058"
down_revision = "0057"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
