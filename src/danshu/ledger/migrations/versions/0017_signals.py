"""Tables of signals: readings by day, the newest of each source, alerts, routing heads."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"

# Moments are epoch milliseconds. `readings` is partitioned by the day of `observed`, so that its
# key also tells a repeated reading; `no` is the source's number: (key, subject, source).
TABLES = """
create table signal_sources (
  tenant int not null, no int generated always as identity, key text not null,
  subject text not null, source text not null, since timestamptz not null default now(),
  retired timestamptz, primary key (tenant, no), unique (tenant, key, subject, source));
create table readings (
  tenant int not null, no int not null, observed bigint not null, received bigint not null,
  value double precision not null, quality smallint not null,
  primary key (tenant, no, observed)) partition by range (observed);
create table readings_default partition of readings default;
create table signal_latest (
  tenant int not null, no int not null, observed bigint not null, received bigint not null,
  value double precision not null, quality smallint not null,
  primary key (tenant, no)) with (fillfactor = 50);
create table signal_moves (tenant int primary key, no bigint not null) with (fillfactor = 50);
create table signal_alerts (
  tenant int not null, source text not null, alert text not null, place text not null,
  value int not null, issued bigint not null, expires bigint not null, closed boolean not null,
  primary key (tenant, source, alert, place));
create table signal_days (
  tenant int not null, day date not null, rows bigint not null, digest bytea not null,
  at timestamptz not null, dropped timestamptz, primary key (tenant, day));
create table signal_feeds (
  tenant int not null, name text not null, feed text not null, url text not null,
  place text not null, key text not null, secret text not null, every_s int not null,
  asked timestamptz, trouble text not null default '', primary key (tenant, name));
create table routing_heads (
  tenant int primary key, no bigint not null, digest bytea not null, network text not null,
  taken bigint not null, until bigint not null, at timestamptz not null);
"""


def upgrade() -> None:
    """Create the tables."""
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables."""
    raise RuntimeError("this migration can't be undone; restore a backup instead")
