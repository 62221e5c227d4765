"""Tables of what is sold beside single goods: bundles 组合装, gift rules 赠品规则, preorders 预订."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"

# `allowances` are the units that gift rules ("gift/CODE") and preorders ("preorder/SKU") may still
# promise: moved in the commit of the order under a guard, as stock is. `gift_buyers` are keyed
# hashes of who has had a gift that each buyer has once.
TABLES = """
create table bundle_parts (
  tenant int not null, bundle text not null, sku text not null, name text not null default '',
  no int not null default 0, units int not null check (units > 0),
  share bigint not null check (share >= 0), primary key (tenant, bundle, sku));
create table gift_rules (
  tenant int not null, code text not null, doc bytea not null, primary key (tenant, code));
create table gift_buyers (
  tenant int not null, code text not null, buyer bytea not null, id uuid not null,
  primary key (tenant, code, buyer));
create table preorders (
  tenant int not null, sku text not null, arrives timestamptz not null,
  primary key (tenant, sku));
create table allowances (
  tenant int not null, name text not null, cap bigint not null check (cap >= 0),
  used bigint not null default 0 check (used >= 0), primary key (tenant, name));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
