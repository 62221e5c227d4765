"""Originals and their facts' rows. (Owner: part A.)"""

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
