"""Orders whose release waits for another order of its receiver to leave with 等待合单."""

from __future__ import annotations

from alembic import op

revision = "0044"
down_revision = "0043"

TABLES = """
create table release_waits (
  tenant int not null, id uuid not null, until timestamptz not null, next_try timestamptz not null,
  primary key (tenant, id));
create index release_waits_due on release_waits (next_try);
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
