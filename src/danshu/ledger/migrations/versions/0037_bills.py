"""Bills, what orders came to, runs of reconciliation, and the differences that they find."""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"

# bill_lines.id names a line in its book for ever; `no` counts them as they were committed.
# order_money and order_waybills follow the log; `changed` counts as they were committed.
TABLES = """
create table bill_files (
  tenant int not null, id uuid not null, digest bytea not null, name text not null,
  form text not null, book text not null, account text not null default '', channel text not null,
  rows_in bigint not null default 0, lines bigint not null default 0,
  existing bigint not null default 0, rejected bigint not null default 0,
  income bigint not null default 0, expense bigint not null default 0,
  first_at timestamptz, last_at timestamptz, header bytea not null default '',
  by text not null, made timestamptz not null default now(), primary key (tenant, id));
create unique index bill_files_digest on bill_files (tenant, digest);
create table bill_lines (
  tenant int not null, no bigint generated always as identity, id uuid not null,
  file uuid not null, row int not null, book text not null, channel text not null,
  kind smallint not null, amount bigint not null, at timestamptz not null, number text not null,
  waybill text not null, flow text not null, word text not null, weight_g int not null,
  zone text not null, note text not null, raw bytea not null, primary key (tenant, no));
create unique index bill_lines_id on bill_lines (tenant, id);
create index bill_lines_number on bill_lines (tenant, number) where number <> '';
create index bill_lines_waybill on bill_lines (tenant, waybill) where waybill <> '';
create index bill_lines_file on bill_lines (tenant, file, row);
create table bill_rejects (
  tenant int not null, file uuid not null, row int not null, code text not null,
  reason text not null, raw bytea not null, primary key (tenant, file, row));
create sequence money_changes;
create table order_money (
  tenant int not null, id uuid not null, number text not null, channel text not null,
  shop text not null, region text not null, currency text not null, total bigint not null,
  paid bigint not null default 0, refunded bigint not null default 0,
  compensated bigint not null default 0, placed timestamptz not null, paid_at timestamptz,
  refunded_at timestamptz, shipped_at timestamptz, cancelled boolean not null default false,
  changed bigint not null, primary key (tenant, id)) with (fillfactor = 80);
create index order_money_number on order_money (tenant, number);
create index order_money_changed on order_money (tenant, changed);
create table order_waybills (
  tenant int not null, waybill text not null, id uuid not null, carrier text not null,
  wh text not null, region text not null, weight_g bigint not null, shipped_at timestamptz,
  changed bigint not null, primary key (tenant, waybill, id));
create index order_waybills_changed on order_waybills (tenant, changed);
create table reconcile_rules (
  tenant int not null, version int not null, digest bytea not null, body bytea not null,
  by text not null, made timestamptz not null default now(), primary key (tenant, version));
create table reconcile_runs (
  tenant int not null, id uuid not null, cause text not null, stage text not null, whole boolean
  not null default false, line_no bigint not null default 0, changed bigint not null default 0,
  rules int not null default 0, orders bigint not null default 0, lines bigint not null default 0,
  matched bigint not null default 0, counts bytea not null default '', until timestamptz,
  seconds real not null default 0, primary key (tenant, id));
create table bill_matches (
  tenant int not null, line bigint not null, rule smallint not null, id uuid,
  run uuid not null, primary key (tenant, line));
create index bill_matches_keyless on bill_matches (tenant, id) where rule in (3, 4, 6);
create table differences (
  tenant int not null, id uuid not null, class smallint not null, book text not null,
  key text not null, oid uuid, line bigint, number text not null, expected bigint not null,
  actual bigint not null, lines bigint[] not null, rule text not null, at timestamptz not null,
  found timestamptz not null, run uuid not null, state text not null default 'open',
  owner text not null default '', reason text not null default '', note text not null default '',
  asked text not null default '', second text not null default '', seq int not null default 0,
  head bytea not null, changed timestamptz not null, primary key (tenant, id));
create unique index differences_key on differences (tenant, class, book, key);
create index differences_open on differences (tenant, class, at, id) where state <> 'settled'
  and state <> 'closed';
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
