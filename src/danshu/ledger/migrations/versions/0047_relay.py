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
# What came in, by source and id: noted in the commit of what it did, kept for HEARD_DAYS.
HEARD = """
create table heard_events (
  tenant int not null, source text not null, id text not null, digest bytea not null,
  type text not null, subject text not null, heard timestamptz not null default now(),
  primary key (tenant, source, id));
"""
HEARD_INDEX = "create index heard_events_heard on heard_events (heard)"


def upgrade() -> None:
    """Create the tables."""
    op.execute(RELAYS)
    op.execute(HEARD)
    op.execute(HEARD_INDEX)


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
