"""Network: settings, runs, who will be short, what should move."""

from __future__ import annotations

from alembic import op

revision = "0074"
down_revision = "0073"

TABLES = """
create table network_settings (
  tenant int primary key, version int not null, digest bytea not null, body bytea not null);
create table network_runs (
  tenant int not null, id uuid not null, kind text not null, cause text not null,
  question bytea not null, forecast text not null default '', stage text not null default 'waiting',
  share int not null default 0, digest bytea, body bytea not null default '',
  finished timestamptz, primary key (tenant, id), check (kind in ('plan','scenario')));
create table network_heads (tenant int primary key, run uuid not null, no int not null);
create table network_rows (
  tenant int not null, run int not null, no int not null, wh text not null, sku text not null,
  on_hand bigint not null, reserved bigint not null, safety bigint not null,
  in_transit bigint not null, daily_milli bigint not null,
  c3 smallint not null, c7 smallint not null, c14 smallint not null, c28 smallint not null,
  out_day date, lead_days smallint not null, class text not null, service smallint not null,
  advised bigint not null, kept_now smallint not null, kept_then smallint not null,
  holding_fen bigint not null, gap_fen bigint not null, cover_days int not null,
  value_fen bigint not null, slow_fen bigint not null, markdown smallint not null,
  primary key (tenant, run, no));
create index network_rows_wh on network_rows (tenant, run, wh, no);
create index network_rows_sku on network_rows (tenant, run, sku, no);
create index network_rows_gap on network_rows (tenant, run, (-gap_fen), no)
  where advised <> safety;
create index network_rows_slow on network_rows (tenant, run, (-value_fen), no) where value_fen > 0;
create table network_moves (
  tenant int not null, run int not null, no int not null, from_wh text not null,
  to_wh text not null, sku text not null, quantity bigint not null, days smallint not null,
  truck text not null, cost_fen bigint not null, low_fen bigint not null, mid_fen bigint not null,
  high_fen bigint not null, chance_days smallint not null, before smallint not null,
  after smallint not null, others bytea not null default '', primary key (tenant, run, no));
"""


def upgrade() -> None:
    """Make the tables; a run's rows stand under a short number of the merchant's."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Leave them."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
