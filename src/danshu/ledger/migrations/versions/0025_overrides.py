"""Table of overrides 人工指定仓 that were shown, wait for a second person, or were done."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"

TABLES = """
create table overrides (
  tenant int not null, id uuid not null, oid uuid not null, fulfilment int not null,
  warehouse text not null, reason text not null, note text not null, sub text not null,
  role text not null, state text not null default 'open', stated bytea not null,
  statement bytea not null, signature bytea not null default '', key text not null default '',
  second text not null default '', countersigned bytea not null default '',
  told bytea not null default '', began timestamptz not null, ends timestamptz not null,
  primary key (tenant, id));
create index overrides_of on overrides (tenant, oid, began);
"""


def upgrade() -> None:
    """Create the table."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the table."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
