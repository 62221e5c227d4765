"""Tables of what is sold beside single goods (bundles 组合装, gift rules 赠品规则, preorders 预订)
and of intercept rules 拦截规则: policy sets of a second kind, whom and what they stop.
"""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"

# `allowances` are the units that gift rules ("gift/CODE") and preorders ("preorder/SKU") may still
# promise: moved in the commit of the order under a guard, as stock is. `gift_buyers` are keyed
# hashes of who has had a gift that each buyer has once. `intercept_people` are keyed hashes of who
# bought and receives, a day long, while rules ask; `intercept_usual` what a SKU is usually sold at;
# `intercept_stops` the orders that were stopped and what became of them, given by their facts.
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
alter table policy_drafts add column kind text not null default 'routing';
alter table policy_sets add column kind text not null default 'routing';
alter table policy_trials add column kind text not null default 'routing',
  add column days int not null default 1;
alter table policy_heads add column kind text not null default 'routing',
  drop constraint policy_heads_pkey, add primary key (tenant, kind);
create table intercept_people (
  tenant int not null, who bigint not null, id uuid not null, primary key (tenant, who, id));
create index intercept_people_age on intercept_people (id);
create table intercept_usual (
  tenant int not null, sku text not null, price_fen bigint not null, units bigint not null,
  n int not null, at timestamptz not null default now(), primary key (tenant, sku));
create table intercept_blocks (
  tenant int not null, id uuid not null, kind text not null, who bigint not null,
  hint text not null, reason text not null, until timestamptz, by text not null,
  at timestamptz not null default now(), primary key (tenant, id), unique (tenant, kind, who));
create table intercept_stops (
  tenant int not null, id uuid not null, effect text not null, policy bytea not null,
  no int not null, rules text[] not null, reasons text[] not null,
  state text not null default 'held', ended timestamptz, by text not null default '',
  reason text not null default '', note text not null default '', primary key (tenant, id));
create index intercept_stops_held on intercept_stops (tenant, id) where state = 'held';
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
