"""Table of voices: what the network hears of a person who agreed to it."""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"

TABLES = """
create table voices (
  tenant int not null, person uuid not null, print bytea not null, salt bytea not null,
  model text not null, consent text not null, enrolled timestamptz not null default now(),
  primary key (tenant, person))
"""


def upgrade() -> None:
    """Create the table."""
    op.execute(TABLES)


def downgrade() -> None:
    """Drop the table."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
