"""Days put away on object storage (owner H)."""

from __future__ import annotations

from alembic import op

revision = "0052"
down_revision = "0051"

# `v` of a recall: up to which position of the stream its facts came back from the archive.
TABLES = """
create table archive_parts (
  tenant int not null, day date not null, no int not null, object text not null,
  bytes bigint not null, digest bytea not null, rows int not null, facts int not null,
  first uuid not null, last uuid not null, note bytea not null, at timestamptz not null,
  primary key (tenant, day, no));
create table archive_days (
  tenant int not null, day date not null, looked timestamptz not null,
  primary key (tenant, day));
create table archive_recalls (
  tenant int not null, stream uuid not null, v int not null, at timestamptz not null,
  primary key (tenant, stream));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Leave it."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
