"""The relay to a bus, and events that come in (owners A, C)."""

from __future__ import annotations

from alembic import op

revision = "0047"
down_revision = "0046"

# tenant 0: since when this installation relays at all
RELAYS = """
create table relays (
  tenant int primary key, epoch int not null default 0,
  since timestamptz not null default now());
"""


def upgrade() -> None:
    """Create the tables."""
    op.execute(RELAYS)


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
