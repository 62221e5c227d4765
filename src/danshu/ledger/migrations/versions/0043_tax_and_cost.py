"""Tax and cost of goods, vouchers that wait for a second person, bills that are due."""

from __future__ import annotations

from alembic import op

revision = "0043"
down_revision = "0042"

# sku_values says what held for a SKU from a day on; an entry reads what held on its own day.
# voucher_drafts keeps what was proposed, for ever: `key` is the entry that came of it.
TABLES = """
alter table settlement_settings add column tax text not null default 'off';
alter table settlement_settings add column costs boolean not null default false;
create table sku_values (
  tenant int not null, sku text collate "C" not null, since date not null, tax text not null,
  cost_fen bigint not null, primary key (tenant, sku, since));
create table account_names (
  tenant int not null, account int not null, code text not null, name text not null,
  primary key (tenant, account));
create table voucher_drafts (
  tenant int not null, id uuid not null, state text not null default 'proposed', date date not null,
  currency text not null, postings bytea not null, reason text not null,
  reverses text not null default '', by text not null, at timestamptz not null,
  answered_by text not null default '', answered timestamptz, note text not null default '',
  key text not null default '', primary key (tenant, id));
create unique index voucher_drafts_reverses on voucher_drafts (tenant, reverses)
  where reverses <> '' and state = 'proposed';
create index voucher_drafts_state on voucher_drafts (tenant, state, id);
alter table order_money add column subsidy bigint not null default 0;
create table reconcile_nights (
  tenant int not null, wanted timestamptz, looked date, run uuid, primary key (tenant));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
