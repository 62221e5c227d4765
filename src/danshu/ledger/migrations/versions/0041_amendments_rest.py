"""New addresses of a bulk change 批量改址, until each order has its own."""

from __future__ import annotations

from alembic import op

revision = "0041"
down_revision = "0040"

# `readdresses` holds personal data: a row goes with the amendment of its order, or its erasure.
TABLES = """
create table readdresses (
  tenant int not null, batch uuid not null, oid uuid not null, person bytea not null,
  primary key (tenant, batch, oid));
create index readdresses_order on readdresses (tenant, oid);
create index readdresses_age on readdresses (batch);
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
