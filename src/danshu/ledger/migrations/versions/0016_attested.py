"""What an appraiser checks offline: revocation lists, receipts that a platform signed.

A list belongs to an authority, not to a merchant. Times are epoch microseconds.
"""

from __future__ import annotations

from alembic import op

revision = "0016"
down_revision = "0015"

TABLES = """
create table crls (
  url text not null, digest bytea not null, this_us bigint not null, next_us bigint not null,
  fetched timestamptz not null default now(), body bytea not null, primary key (url, digest));
alter table crls alter body set storage external;
alter table anchors add column signed bytea not null default '';
"""


def upgrade() -> None:
    """Create the table, add the column."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
