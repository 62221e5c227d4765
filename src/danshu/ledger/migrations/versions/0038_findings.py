"""Tables of the sentinel 哨兵: findings, their counters and incidents, and what detectors keep."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"

TABLES = """
create table findings (
  tenant int not null, class text not null, subject text not null,
  no bigint generated always as identity, state text not null default 'open',
  cause text not null, params jsonb not null, evidence jsonb not null,
  incident text not null, channel text not null, shop text not null, wh int not null,
  place text not null, oid uuid, number text not null, other uuid, risk_fen bigint not null,
  owner uuid, at timestamptz not null, found timestamptz not null, due timestamptz not null,
  ended timestamptz, until timestamptz, how text not null default '',
  reason text not null default '', by text not null default '', times int not null default 1,
  primary key (tenant, class, subject));
create unique index findings_no on findings (tenant, no);
create index findings_due on findings (tenant, due, no) where state in ('open', 'assigned');
create index findings_incident on findings (tenant, incident, due) where state <> 'done';
create index findings_order on findings (tenant, oid) where oid is not null;
create index findings_other on findings (tenant, other) where other is not null;
create index findings_ended on findings (tenant, ended) where ended is not null;
create index findings_found on findings (tenant, found);
create table finding_counts (
  tenant int not null, class text not null, channel text not null, wh int not null,
  state text not null, n bigint not null, risk_fen bigint not null,
  primary key (tenant, class, channel, wh, state)) with (fillfactor = 50);
create table finding_incidents (
  tenant int not null, incident text not null, class text not null, cause text not null,
  place text not null, open int not null, total int not null, risk_fen bigint not null,
  since timestamptz not null, primary key (tenant, incident)) with (fillfactor = 50);
create index finding_incidents_open on finding_incidents (tenant, since) where open > 0;
create table finding_heads (
  tenant int primary key, no bigint not null, looked timestamptz) with (fillfactor = 50);
create table sentinel_prints (
  tenant int not null, half text not null, position bigint not null, at timestamptz not null,
  keys int8[] not null, ids uuid[] not null, primary key (tenant, half, position));
create table sentinel_numbers (
  tenant int not null, channel text not null, shop text not null, last bigint not null,
  at timestamptz not null, primary key (tenant, channel, shop));
create table sentinel_gaps (
  tenant int not null, channel text not null, shop text not null, n bigint not null,
  number text not null, next text not null, fact text not null, seen timestamptz not null,
  primary key (tenant, channel, shop, n));
create table sentinel_hours (
  tenant int not null, hour timestamptz not null, channel text not null, province text not null,
  n bigint not null, late_ms bigint not null, primary key (tenant, hour, channel, province));
create table pull_accounts (
  tenant int not null, channel text not null, shop text not null, adapter text not null,
  url text not null, key text not null default '', secret text not null default '',
  token text not null default '', every_s int not null, is_sequence boolean not null,
  upto timestamptz not null, asked timestamptz, trouble text not null default '',
  listed bigint not null default 0, primary key (tenant, channel, shop));
create table carrier_scans (
  tenant int not null, carrier text not null, waybill text not null, at timestamptz not null,
  primary key (tenant, carrier, waybill));
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
