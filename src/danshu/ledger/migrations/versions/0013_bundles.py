"""Table of bundles that left the hub: which order's, to whom, when, what for."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"

TABLES = """
create table bundle_exports (
  tenant int not null, id uuid not null, oid uuid not null, at timestamptz not null,
  sub text not null, role text not null, purpose text not null, digest bytea not null,
  size bigint not null, facts int not null, disclosed boolean not null,
  primary key (tenant, id));
create index bundle_exports_order on bundle_exports (tenant, oid, id)
"""


def upgrade() -> None:
    """Create the table."""
    for statement in TABLES.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Drop the table."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
