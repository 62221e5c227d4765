"""Amendments 改单, substitutes 替代, and units that wait for stock: whose turn it is, and up to
where a pass over those who wait has come.
"""

from __future__ import annotations

from alembic import op

revision = "0031"
down_revision = "0030"

TABLES = """
create table waiting_turns (
  tenant int not null, sku text not null, units bigint not null, tried timestamptz not null,
  due timestamptz, id uuid, primary key (tenant, sku));
create index waiting_units_turn on waiting_units (tenant, sku, (coalesce(due, 'infinity')), id);
create table substitutes (
  tenant int not null, sku text not null, substitute text not null, rank int not null,
  consent boolean not null, primary key (tenant, sku, substitute));
"""


def upgrade() -> None:
    """Make the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute("drop index if exists waiting_units_turn")
    for table in ("substitutes", "waiting_turns"):
        op.execute(f"drop table if exists {table}")
