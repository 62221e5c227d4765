"""After-sales: cases, their settings, what carriers pay for parcels."""

from __future__ import annotations

from alembic import op

revision = "0035"
down_revision = "0034"

# `ckey` is what opened a case: one thing that happened opens one case, however often it is told.
TABLES = """
create table after_sales (
  tenant int not null, id uuid not null, oid uuid not null, ckey text not null,
  kind text not null, state text not null, reason text not null, origin text not null,
  number text not null, channel text not null, shop text not null, wh text not null,
  amount bigint not null, currency text not null, waybill text not null,
  opened timestamptz not null, due timestamptz, seq int not null, head bytea not null,
  doc bytea not null, photos text[] not null default '{}',
  next_try timestamptz, tries int not null default 0, trouble text not null default '',
  primary key (tenant, id), unique (tenant, ckey));
create index after_sales_due on after_sales (tenant, due, id) where due is not null;
create index after_sales_state on after_sales (tenant, state, opened, id);
create index after_sales_order on after_sales (tenant, oid, id);
create index after_sales_waybill on after_sales (tenant, waybill) where waybill <> '';
create index after_sales_pay on after_sales (next_try) where next_try is not null;
create table after_sale_settings (
  tenant int primary key, auto_fen bigint not null, second_fen bigint not null);
create table carrier_terms (
  tenant int not null, carrier text not null, begins date not null, multiple int not null,
  cap_fen bigint not null, days int not null, source text not null,
  primary key (tenant, carrier, begins));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
