"""What an appraiser checks offline: revocation lists, receipts that a platform signed.

A list belongs to an authority, not to a merchant. Times are epoch microseconds.
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0016"
# Parts of a version are built side by side: this one follows whichever stands before it here.
down_revision = max(
    path.name[:4]
    for path in Path(__file__).parent.glob("[0-9]*.py")
    if path.name < Path(__file__).name
)

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
