"""Tables of order types 订单类型: versions, drafts and their road, orders, groups, buyers."""

from __future__ import annotations

from alembic import op

revision = "0033"
down_revision = "0032"

TABLES = """
create table order_types (
  tenant int not null, code text not null, version int not null, digest bytea not null,
  body bytea not null, active boolean not null default true, drafted_by text not null,
  approved_by text not null, published timestamptz not null default now(), retired timestamptz,
  primary key (tenant, code, version));
create table order_type_drafts (
  tenant int not null, id uuid not null, code text not null, state text not null,
  body bytea not null, revision int not null default 1, editors text[] not null,
  edited_by text not null, edited timestamptz not null default now(), primary key (tenant, id));
create unique index order_type_drafts_open on order_type_drafts (tenant, code)
  where state in ('draft','submitted');
create table order_type_steps (
  tenant int not null, draft uuid not null, no int not null, act text not null,
  revision int not null, digest bytea not null, by text not null, note text not null default '',
  at timestamptz not null default now(), primary key (tenant, draft, no));
create table order_groups (
  tenant int not null, id uuid not null, type text not null, code text not null,
  leader text not null, pickup text not null, region text not null, closes timestamptz not null,
  minimum int not null, state text not null default 'open', joined int not null default 0,
  opened timestamptz not null default now(), decided timestamptz, primary key (tenant, id),
  unique (tenant, type, code));
create index order_groups_open on order_groups (tenant, type, code) where state='open';
create table typed_orders (
  tenant int not null, id uuid not null, code text not null, version int not null,
  stage text not null, grp text not null, buyer text not null, units int not null,
  paid boolean not null, alive boolean not null, primary key (tenant, id));
create index typed_orders_of on typed_orders (tenant, code, stage, id);
create index typed_orders_in on typed_orders (tenant, code, grp) where grp <> '';
create table type_buyers (
  tenant int not null, code text not null, buyer text not null, units int not null,
  cap int not null, primary key (tenant, code, buyer),
  constraint type_buyers_cap check (units <= cap));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
