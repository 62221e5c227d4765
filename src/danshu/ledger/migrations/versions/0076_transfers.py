"""Transfers: stock on its way between warehouses, and what the agent changed of stock."""

from __future__ import annotations

from alembic import op

revision = "0076"
down_revision = "0075"

TABLES = """
create table transfers(
  tenant int4 not null, id uuid not null, number text not null, key text not null,
  state text not null, from_wh text not null, to_wh text not null, doc jsonb not null,
  seq int4 not null, head bytea not null, primary key(tenant,id));
create unique index transfers_key on transfers(tenant, key);
create unique index transfers_number on transfers(tenant, number);
create index transfers_state on transfers(tenant, state, id);
create table stock_acts(
  tenant int4 not null, proposal uuid not null, back boolean not null, done jsonb not null,
  at timestamptz not null default now(), primary key(tenant,proposal,back))
"""


def upgrade() -> None:
    """Make the tables: transfer orders as their facts say, and acts on stock, each once."""
    for statement in TABLES.split(";\n"):
        op.execute(statement)


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
